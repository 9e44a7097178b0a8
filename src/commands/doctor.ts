/** `mailchute doctor`: looks at everything a worker needs, and says of each finding what to do. Changes nothing on any mail server. */
import type { Config } from '../config.ts'
import { asMailchuteError, type MailchuteError } from '../errors.ts'
import { type App, openApp } from './app.ts'
import { connecting } from './connect.ts'
import { colours, print } from './terminal.ts'

/** Resolves with the exit code: that of the first finding, 0 if there is none. */
export async function doctor(config: Config, signal: AbortSignal): Promise<number> {
  const findings: MailchuteError[] = []
  const check = async (what: string, look: () => Promise<string>) => {
    try {
      print(`${colours.green('ok')}    ${what}: ${await look()}\n`)
    } catch (thrown) {
      const error = asMailchuteError(thrown)
      findings.push(error)
      print(`${colours.red('fault')} ${what}: ${error.message} (${error.code})\n      ${error.hint}\n`)
    }
  }
  print(`${colours.green('ok')}    settings: ${config.mailboxes.length} mailboxes\n`)
  await check('database', () => checkDatabase(config, check))
  for (const mailbox of config.mailboxes) {
    await check(`mailbox ${mailbox.name}`, async () => {
      await using by = await connecting(config, mailbox)
      await using session = await by.connect(signal)
      return `login works, ${(await session.list()).length} messages`
    })
  }
  return findings[0]?.exitCode ?? 0
}

type Check = (what: string, look: () => Promise<string>) => Promise<void>

async function checkDatabase(config: Config, check: Check): Promise<string> {
  await using app = await openApp(config)
  await app.store.ping()
  await check('disk', async () => {
    await app.assertRoom()
    return config.databaseUrl === null ? 'room enough' : 'the database is elsewhere: watch its disk there'
  })
  await check('queue', async () => {
    await app.openQueue()
    return config.redisUrl === null ? 'in the database' : 'Redis answers and evicts nothing'
  })
  await check('clock', () => checkClock(app))
  const { received, quarantined } = await app.store.messages.countByState()
  return `answers and is up to date; ${received} messages wait, ${quarantined} are quarantined`
}

const TOLERATED_SECONDS = 5

async function checkClock(app: App): Promise<string> {
  const seconds = Math.abs(await app.store.clockSkewSeconds())
  return seconds < TOLERATED_SECONDS
    ? `this machine and the database agree to ${seconds.toFixed(1)} s`
    : `WARNING: this machine and the database differ by ${seconds.toFixed(0)} s; set both by NTP`
}
