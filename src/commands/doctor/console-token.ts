/** Whether the tokens of the console that are set could be guessed. */
import type { Config } from '../../config.ts'
import type { Report } from './report.ts'

/** Of hexadecimal digits, 80 bits. */
const LEAST_CHARACTERS = 20

export function checkConsoleTokens({ consoleToken, auditorToken }: Config, report: Report): void {
  for (const [setting, token] of Object.entries({ CONSOLE_TOKEN: consoleToken, CONSOLE_AUDITOR_TOKEN: auditorToken })) {
    if (token === null || token.length >= LEAST_CHARACTERS) continue
    report.warn(setting, {
      said: `it has fewer than ${LEAST_CHARACTERS} characters, and opens all mail to whoever guesses it`,
      todo: 'make one with `openssl rand -hex 24`; a new CONSOLE_TOKEN ends all logins',
    })
  }
}
