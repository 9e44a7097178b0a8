/** `.env`: Node's own parser, behind a check, because that parser passes over what it does not understand. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { envLines } from './env-lines.ts'
import type { Problem } from './problem.ts'

export function readEnvFile(file: string, problems: Problem[]): NodeJS.Dict<string> {
  const text = readText(file, problems)
  if (text === null) return {}
  const malformed = envLines(text).filter(({ isMalformed }) => isMalformed)
  for (const { number: line } of malformed) {
    const hint = 'write NAME=value, or # before a comment; close every quotation mark'
    problems.push({ setting: '.env', problem: `line ${line} is not understood`, hint })
  }
  return malformed.length === 0 ? parseEnv(text) : {}
}

function readText(file: string, problems: Problem[]): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return null
    const isEncoding = code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
    const problem = isEncoding ? 'it is not UTF-8' : `it cannot be read (${code})`
    problems.push({ setting: '.env', problem, hint: 'mend the file in the working folder, or remove it' })
    return null
  }
}
