// node run.mjs <module> <function> '<arguments as JSON>': prints what the function returns as JSON.
const [module, name, argumentsJson] = process.argv.slice(2);
const scripts = await import(`./${module}.mjs`);
process.stdout.write(JSON.stringify((await scripts[name](JSON.parse(argumentsJson))) ?? null));
