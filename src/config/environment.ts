/** The environment with `.env` below it, and secrets from files. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readEnvFile } from './env-file.ts'
import type { Problem } from './problem.ts'

export interface Settings {
  /** undefined: not set. What is set to nothing counts as not set: compose files do that. */
  get(name: string): string | undefined
  /** As `get`, but also from the file that `NAME_FILE` names, without its last line end. */
  secret(name: string): string | undefined
  names(): string[]
  /** Of a file that a setting names; undefined, and a problem, where it cannot be read. */
  readFile(setting: string, file: string): string | undefined
}

export function readEnvironment(env: NodeJS.ProcessEnv, cwd: string, problems: Problem[]): Settings {
  const merged = { ...readEnvFile(path.join(cwd, '.env'), problems), ...env }
  const get = (name: string) => merged[name]?.trim() || undefined

  const readFile = (setting: string, file: string): string | undefined => {
    try {
      return readFileSync(path.resolve(cwd, file), 'utf8')
    } catch (error) {
      const problem = `its file cannot be read (${(error as NodeJS.ErrnoException).code})`
      problems.push({ setting, problem, hint: 'check the path and who may read it' })
      return undefined
    }
  }

  const secret = (name: string): string | undefined => {
    const fileSetting = `${name}_FILE`
    const file = get(fileSetting)
    if (!file) return get(name)
    if (get(name)) {
      problems.push({ setting: fileSetting, problem: `${name} is set too`, hint: 'set only one of the two' })
      return undefined
    }
    const text = readFile(fileSetting, file)?.replace(/\r?\n$/, '')
    if (text === '')
      problems.push({ setting: fileSetting, problem: 'its file is empty', hint: 'put the secret into it' })
    return text || undefined
  }

  return { get, secret, names: () => Object.keys(merged).filter(get).sort(), readFile }
}
