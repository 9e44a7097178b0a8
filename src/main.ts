#!/usr/bin/env node
/** The `mailchute` command. Nothing is imported before the version of Node is known to be one that can run it. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `error runtime/node-too-old: this is Node ${process.versions.node}, Mailchute needs 22.19 or newer. ` +
      'Hint: use `npx mailchute`, which brings its own Node.\n',
  )
  process.exit(69)
}
// Measured: a new generation that stays small costs no time, and keeps a message of 150 MB that streams through
// below 240 MB of memory instead of up to 320, for V8 frees buffers only when it collects their generation.
const { setFlagsFromString } = await import('node:v8')
setFlagsFromString('--semi-space-growth-factor=1')
const { readFileSync } = await import('node:fs')
const { cli } = await import('./commands/cli.ts')
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
process.exitCode = await cli(process.argv.slice(2), version)
// A connection to a server that does not answer any more would keep the process. What is written is waited for.
setInterval(() => process.stdout.writableLength === 0 && process.exit(), 2000).unref()
