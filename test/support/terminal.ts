/** The built program on a terminal of its own (util-linux' script(1)), typed at as a person would. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import type { Settings } from './program.ts'

const MAIN = path.join(fileURLToPath(new URL('../..', import.meta.url)), 'dist/main.js')
const LONGEST_MILLISECONDS = 100_000

export const ENTER = '\r'
export const DOWN = '\x1b[B'
export const CTRL_C = '\x03'

export interface OnTerminal {
  /** Resolves once this was shown, after what the last call waited for; then types. */
  answer(shown: string, ...keys: string[]): Promise<void>
  /** All that was shown, without what moves the cursor. */
  screen(): string
  readonly ended: Promise<number | null>
}

export function onTerminal(args: readonly string[], settings: Settings, cwd: string): OnTerminal {
  const { PATH = '' } = process.env
  const command = ['stty cols 150 rows 50;', 'exec', process.execPath, MAIN, ...args].join(' ')
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd,
    env: { PATH, TERM: 'xterm', SHELL: '/bin/sh', ...settings },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const overdue = setTimeout(() => child.kill('SIGKILL'), LONGEST_MILLISECONDS)
  let shown = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(overdue)
      resolve(code)
    })
  })
  const screen = () => stripVTControlCharacters(shown)
  const until = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        const at = screen().indexOf(text, seen)
        if (at === -1) return
        seen = at + text.length
        child.stdout.off('data', look)
        resolve()
      }
      child.stdout.on('data', look)
      look()
      void ended.then((code) => reject(new Error(`it ended with ${code} and never showed ${text}:\n${screen()}`)))
    })
  return {
    answer: async (text, ...keys) => {
      await until(text)
      for (const key of keys) child.stdin.write(key)
    },
    screen,
    ended,
  }
}
