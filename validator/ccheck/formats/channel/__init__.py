"""Channel files: template types, and instances of them."""

from ccheck.formats.format import Format

FORMAT = Format(
    "channel",
    "ccheck_schemas.formats.channel.numbers:recognise",
    "ccheck_schemas.formats.channel.schema:SCHEMA",
    "ccheck.formats.channel.checks.table:TABLE",
    "ccheck.formats.channel.exercise:run",
    "ccheck.formats.channel.session:ChannelSession",
    "ccheck.formats.channel.agreement:differ",
    "ccheck.formats.channel.evidence:gather",
    contract="ccheck_schemas.formats.channel.facts:FACTS",
    fast="ccheck.formats.channel.fast_path.files:prepare",
)
