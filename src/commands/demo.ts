/** `mailchute demo`: the whole way on this machine with nothing configured. */
import path from 'node:path'
import { readConfig } from '../config.ts'
import { sampleMails } from '../sandbox/mails/sample-mails.ts'
import { startSandbox } from '../sandbox/server.ts'
import { type App, openApp } from './app.ts'
import { type DrainReport, drainApp } from './drain.ts'
import { createPollOnce, startWork } from './roles.ts'
import { serveDuty } from './serve-duty.ts'
import { sheetText } from './sheet.ts'
import { colours, print, progressLine } from './terminal.ts'
import { ticketTable } from './tickets.ts'

export interface DemoOptions {
  readonly once: boolean
  readonly port: number
}

const USER = 'support@mailchute.example'
const PASSWORD = 'demo'

/** Its own folder and its own mailbox: whatever else is configured is left alone. */
export async function demo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const messages = sampleMails().map(({ octets }, index) => ({ uniqueId: `demo-${index + 1}`, octets }))
  await using sandbox = await startSandbox({
    port: options.port,
    mailboxes: [{ user: USER, password: PASSWORD, messages }],
  })
  const dataDir = path.resolve(process.env['MAILCHUTE_DATA'] ?? 'data', 'demo')
  const own = readConfig(
    {
      MAILCHUTE_DATA: dataDir,
      LOG_LEVEL: 'warn',
      MAILBOX_DEMO_URL: sandbox.url(USER),
      MAILBOX_DEMO_PASSWORD: PASSWORD,
      ...consoleSettings(),
    },
    '/nonexistent',
  )
  print(`${colours.bold('Mailchute demo')}: ${messages.length} sample mails wait at ${sandbox.url(USER)}\n\n`)
  await using app = await openApp(own)
  const line = progressLine()
  const report = await drainApp(app, { onProgress: ({ waiting }) => line.show(`${waiting} messages wait ...`) }, signal)
  line.clear()
  print(await firstScreen(app, report, sandbox.mailbox(USER).messages().length, path.relative(process.cwd(), dataDir)))
  if (options.once) return
  print(`\nThe sandbox goes on at ${sandbox.url(USER)} (password ${PASSWORD}); Ctrl-C ends it.\n`)
  const queue = await app.openQueue()
  const working = startWork(app, queue)
  const serving = await serveDuty(app, queue, false, ({ url, token }) =>
    print(`The console is at ${colours.bold(url)}\nIts token: ${token}\n`),
  )
  const pollOnce = createPollOnce(app, queue)
  const polling = queue.workPolls(async (_, job) => {
    for (const mailbox of own.mailboxes) await pollOnce(mailbox, AbortSignal.any([job.signal, signal]))
  }, 1)
  await aborted(signal)
  await Promise.allSettled([serving.stop(), polling.stop(GRACE_MILLISECONDS), working.stop(GRACE_MILLISECONDS)])
}

/** Where the console listens is nothing of the mail's: it is as for `run`. */
function consoleSettings(): Record<string, string> {
  const names = ['HTTP_HOST', 'HTTP_PORT', 'CONSOLE_TOKEN'] as const
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name] ?? '']] : [])))
}

const GRACE_MILLISECONDS = 5000

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function firstScreen(app: App, report: DrainReport, left: number, dataDir: string): Promise<string> {
  const next = `MAILCHUTE_DATA=${dataDir} npx mailchute`
  const repeated = report.mailboxes.reduce((sum, { known, retrieved, stored }) => sum + known + retrieved - stored, 0)
  return [
    await ticketTable(app.store),
    `\n${sheetText(report)}`,
    `${left} mails are left on the server.\n`,
    repeated > 0 ? `${repeated} of them had been here before and were recognised: no second ticket.\n` : '',
    `\nWhere to look next:\n`,
    `  ${next} tickets show 1      one ticket with its entries\n`,
    `  ${next} messages            what became of every mail, and why\n`,
    `  ${next} messages show ID    the whole way of one of them\n`,
    `  README.md                   how to point it at a mailbox of your own\n`,
  ].join('')
}
