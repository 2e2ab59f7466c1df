// Compiles descriptions to Python with the official compiler: a JSON task a line in, a JSON answer a line out.
// A task has `top`, the description, and `imports`, all that it may import by the path as it is written.
const loaded = require(require("path").resolve(process.argv[2]));
const compiler = typeof loaded === "function" ? new loaded() : loaded;

async function compile(task) {
  const importer = {
    importYaml(name, mode) {
      const found = task.imports[mode === "abs" ? "/" + name.replace(/^\//, "") : name];
      return found === undefined ? Promise.reject(`${name} cannot be imported`) : Promise.resolve(found);
    },
  };
  try {
    return { files: await compiler.compile("python", task.top, importer, false) };
  } catch (error) {
    return { error: String(error && error.message ? error.message : error) };
  }
}

(async () => {
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await compile(JSON.parse(line))));
  }
})();
