// Takes a call a line, as JSON, and answers each with a line: what the function returns, or why it failed.
import { createInterface } from 'node:readline';
import { use } from './clients.mjs';

for await (const line of createInterface({ input: process.stdin })) {
  const { script, function: name, arguments: given, settings } = JSON.parse(line);
  use(settings);
  let answer;
  try {
    const scripts = await import(`./${script}.mjs`);
    answer = { result: (await scripts[name](given)) ?? null };
  } catch (error) {
    answer = { failure: error.stack ?? JSON.stringify(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
// A client may still wait for something that nobody needs any more.
process.exit();
