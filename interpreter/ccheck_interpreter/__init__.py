"""What a driver would do with the file: an independent reading of the same bytes on checked memory.

Nothing here knows a schema. A file is read by address arithmetic from its documented layout, as each consumer
build would read it, on a memory in which every access outside its object is a *trap*.

Run a file, as the gate and the command line do. Each accepts any bytes:

- `host.run(profile, definitions, content, events=None, last_good=None) -> ProfileOutcome`: one build
- `host.run_all(profiles, definitions, content, events=None, last_good=None) -> tuple[ProfileOutcome, ...]`
- `sysmon_host.run_sysmon(data, target, profile, events=None) -> SysmonOutcome`: one Sysmon driver
- `profile.Profile.from_mapping(table) -> Profile`: one `[[consumer]]` table of consumers.toml; `ProfileError`
- `regdb.run_regdb(data, profile, countries=None) -> reader.ReaderOutcome`: one reader; likewise
  `devicetree.run_devicetree(data, profile, questions=None)` and
  `apparmor.run_apparmor(data, profile, questions=None)`

Load once and evaluate often, as the fuzzer does; these raise only `trap.Refused` and `trap.Trap`:

- `definitions.load_definitions(data, profile) -> Definitions`
- `channel.load(definitions, data, profile) -> Content`
- `evaluate.evaluate(content, event) -> EventResult`
- `sysmon.load(data, target, profile) -> Rules`
- `sysmon_decide.decide(rules, event_id, fields) -> SysmonResult`
- `sysmon_tables.target(binary, schema) -> Target`: the field tables and operators of a version; `TargetError`

Events, what they exercised, and what would have caught a fault:

- `event.parse_events(lines)`, `definitions.conforming(event, definitions)`: events from JSON lines;
  `EventError`
- `generate.generate(definitions, content)`, `sysmon_generate.generate_sysmon(rules)`: events from content
- `matrix.exercise(definitions, content) -> Matrix`, `matrix.render(matrix)`: field × criterion kind
- `definitions.call_site_mismatches(definitions, profile)`: the check at compile time
- `mitigation.judge(profile, definitions, content)`, `mitigation.contained(...)`: each mitigation on its own

A violation as data is a `trap.TrapData`; `trap.report` prints it as a kernel sanitizer does, `trap.to_json`
returns plain values, and its `signature` stays the same while an input shrinks. docs/interpreter.md describes
the model and what it cannot prove.
"""
