/** The built program, run as its users run it: in a process of its own, with nothing set but what the test sets. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { clusterIn } from '../../src/store/embedded/cluster.ts'
import { withStartLock } from '../../src/store/embedded/start-lock.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const MAIN = path.join(ROOT, 'dist/main.js')

export type Settings = Readonly<Record<string, string>>

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** All it wrote to standard error so far. */
  stderr(): string
  /** Resolves with what of standard output `pattern` matches; rejects if it ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with the line of the log that `found` accepts; rejects if it ends without one. */
  line(found: (line: LogLine) => boolean): Promise<LogLine>
  readonly ended: Promise<Ended>
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string }

/** Brings dist/ up to date with src/, once however many test files ask. */
export async function buildProgram(): Promise<void> {
  const folder = process.env['TEST_RUN_FOLDER'] ?? tmpdir()
  await mkdir(path.join(folder, 'build'), { recursive: true })
  await withStartLock(clusterIn(path.join(folder, 'build')), undefined, async () => {
    const marker = path.join(folder, 'build', 'done')
    if ((await changedAt(marker)) > 0) return
    if ((await newest(path.join(ROOT, 'src'))) > (await changedAt(MAIN))) await compile()
    await writeFile(marker, '')
  })
}

/** What the compiler thinks of the types is told elsewhere: it writes the program either way. */
async function compile(): Promise<void> {
  const compiled = promisify(execFile)(path.join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'src'], { cwd: ROOT })
  await compiled.catch((error: Error) => {
    if (!('stdout' in error && String(error.stdout).includes('error TS'))) throw error
  })
  await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts/copy-assets.mjs')])
}

async function newest(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true })
  const times = await Promise.all(
    files.filter((name) => /\.(ts|css|js|svg)$/.test(name)).map((name) => changedAt(path.join(folder, name))),
  )
  return Math.max(...times)
}

const changedAt = async (file: string): Promise<number> => (await stat(file).catch(() => null))?.mtimeMs ?? 0

export interface StartOptions {
  /** Options of Node itself. */
  readonly node?: readonly string[]
  /** The folder it runs in; by default an empty one. */
  readonly cwd?: string
  /** No test leaves a process behind: after so long it is killed. */
  readonly longestMilliseconds?: number
  /** It can be written to (`child.stdin`); by default it has no input. */
  readonly hasInput?: boolean
}

const LONGEST_MILLISECONDS = 230_000

export function start(args: readonly string[], settings: Settings = {}, options: StartOptions = {}): Running {
  const cwd = options.cwd ?? mkdtempSync(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'cwd-'))
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [...(options.node ?? []), MAIN, ...args], {
    cwd,
    env: { PATH, ...settings },
    stdio: 'pipe',
  })
  if (!options.hasInput) child.stdin.end()
  const killed = () => child.kill('SIGKILL')
  const overdue = setTimeout(killed, options.longestMilliseconds ?? LONGEST_MILLISECONDS)
  process.once('exit', killed)
  const out: Buffer[] = []
  let err = ''
  child.stdout.on('data', (octets: Buffer) => out.push(octets))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      process.removeListener('exit', killed)
      clearTimeout(overdue)
      resolve({ code, signal, stdout: Buffer.concat(out), stderr: err })
    })
  })
  return {
    child,
    ended,
    stderr: () => err,
    printed: (pattern) => findPrinted(child, () => Buffer.concat(out).toString(), ended, pattern),
    line: (found) => findLine(child, () => err, ended, found),
  }
}

function findLine(
  child: ChildProcess,
  stderr: () => string,
  ended: Promise<Ended>,
  found: (line: LogLine) => boolean,
): Promise<LogLine> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const line = logLines(stderr()).find(found)
      if (line === undefined) return
      child.stderr?.off('data', look)
      resolve(line)
    }
    child.stderr?.on('data', look)
    look()
    void ended.then(({ code }) => reject(new Error(`it ended with ${code} first:\n${stderr().slice(-4000)}`)))
  })
}

function findPrinted(child: ChildProcess, stdout: () => string, ended: Promise<Ended>, pattern: RegExp) {
  return new Promise<RegExpExecArray>((resolve, reject) => {
    const look = () => {
      const found = pattern.exec(stdout())
      if (found === null) return
      child.stdout?.off('data', look)
      resolve(found)
    }
    child.stdout?.on('data', look)
    look()
    void ended.then(({ code, stderr }) => reject(new Error(`it ended with ${code} first:\n${stderr.slice(-4000)}`)))
  })
}

/** The lines of the log, without a last one that is not complete yet. */
export function logLines(stderr: string): LogLine[] {
  const lines = stderr.slice(0, stderr.lastIndexOf('\n') + 1).split('\n')
  return lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []))
}

export function run(args: readonly string[], settings: Settings = {}, options: StartOptions = {}): Promise<Ended> {
  return start(args, settings, options).ended
}

/** Runs it, expects exit code 0, and returns what it printed as JSON: one value a line. */
export async function runJson(args: readonly string[], settings: Settings): Promise<unknown[]> {
  const { code, stdout, stderr } = await run(args, settings)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stderr}`)
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** The most memory this process ever had resident (proc(5), VmHWM); 0 once it is gone. Linux only. */
export function peakResidentBytes(pid: number): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
