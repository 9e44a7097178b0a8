/**
 * Runs the tests; options are vitest's. With TEST_COUNTS_FILE, leaves there what came of them: `N passed, N failed`.
 *
 * A file whose process was ended by a signal has proved nothing, neither way: V8 may abort a process by itself where
 * WebAssembly and threads come together (nodejs/node#64500). Such a file runs once more, and the run tells of it.
 */
import { writeFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { parseCLI, startVitest, type TestModule } from 'vitest/node'

interface Run {
  readonly modules: readonly TestModule[]
  readonly errors: readonly Error[]
  /** What V8 said before it aborted a process. */
  readonly lastWords: readonly string[]
}

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
const first = await run(filter)
const killed = first.modules.filter(isUnfinished).map(({ moduleId }) => moduleId)
const isOnlyKilled = killed.length > 0 && first.errors.every(wasKilled)
const again = isOnlyKilled ? await runAgain(killed, first) : null

const modules = [
  ...first.modules.filter((module) => again === null || !isUnfinished(module)),
  ...(again?.modules ?? []),
]
const errors = again?.errors ?? first.errors
const passed = modules.reduce((sum, module) => sum + testsOf(module, 'passed'), 0)
const failed = modules.reduce((sum, module) => sum + failuresOf(module), 0)
const isGreen = failed === 0 && errors.length === 0 && passed > 0
process.exitCode = isGreen ? 0 : 1
const file = process.env['TEST_COUNTS_FILE']
if (file) await writeFile(file, `${passed} passed, ${isGreen ? 0 : Math.max(failed, 1)} failed\n`)

async function run(files: readonly string[]): Promise<Run> {
  const lastWords: string[] = []
  const stderr = new PassThrough()
  stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk)
    lastWords.push(...(chunk.toString().match(/^(?:# (?:Fatal|Check failed)|FATAL ERROR).*$/gm) ?? []))
  })
  const vitest = await startVitest('test', [...files], options, {}, { stderr: stderr as unknown as NodeJS.WriteStream })
  const found = {
    modules: vitest.state.getTestModules(),
    errors: vitest.state.getUnhandledErrors() as Error[],
    lastWords,
  }
  await vitest.close()
  return found
}

function runAgain(files: readonly string[], { errors, lastWords }: Run): Promise<Run> {
  const causes = errors.map(({ cause, message }) => (cause instanceof Error ? cause.message : message))
  process.stdout.write(
    ['', 'Run once more, as the process of each was ended by a signal:', ...causes, ...lastWords, ''].join('\n'),
  )
  return run(files)
}

function wasKilled({ cause }: Error): boolean {
  return cause instanceof Error && / exited unexpectedly with signal /.test(cause.message)
}

function isUnfinished(module: TestModule): boolean {
  return !['passed', 'failed', 'skipped'].includes(module.state())
}

function testsOf(module: TestModule, state: 'passed' | 'failed'): number {
  return [...module.children.allTests(state)].length
}

/** A file that cannot be loaded, whose tear-down fails or that was killed has no failed test, and still is a failure. */
function failuresOf(module: TestModule): number {
  const failed = testsOf(module, 'failed')
  return failed === 0 && !['passed', 'skipped'].includes(module.state()) ? 1 : failed
}
