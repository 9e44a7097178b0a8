import type { Settings } from './environment.ts'
import { isAuthority } from './mailbox-url.ts'
import type { Problem } from './problem.ts'

/** Origin under which browsers reach the console. Never taken from a request: whoever sends one chooses its Host. */
export function readConsoleUrl(settings: Settings, problems: Problem[]): string | null {
  const written = settings.get('CONSOLE_URL')
  if (written === undefined) return null
  if (isAuthority(written)) {
    const { origin, pathname, hash } = new URL(written)
    if (pathname === '/' && hash === '') return origin
  }
  problems.push({ setting: 'CONSOLE_URL', problem: 'it is no address of a console', hint: CONSOLE_URL_HINT })
  return null
}

export const CONSOLE_URL_HINT =
  'write where browsers reach it, as https://mailchute.example.com, without a path; http is for this machine only'
