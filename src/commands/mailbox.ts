import type { Config } from '../config.ts'
import { mailboxesOf, openApp } from './app.ts'
import { inspect, inspectionText, withConnect } from './mailbox-inspect.ts'
import { ago, print, printJson, table } from './terminal.ts'

export async function listMailboxes(config: Config, options: { json: boolean }): Promise<void> {
  await using app = await openApp(config)
  const now = new Date()
  const rows = config.mailboxes.flatMap((mailbox) => {
    const row = app.rows.get(mailbox.name)
    return row === undefined ? [] : [{ ...row, schedule: mailbox.schedule }]
  })
  if (options.json) {
    for (const { name, url, state, pausedReason, failures, nextPollAt, lastGoodPollAt, schedule } of rows) {
      printJson({ mailbox: name, url, schedule, state, pausedReason, failures, nextPollAt, lastGoodPollAt })
    }
    return
  }
  const lines = rows.map((row) => [
    row.name,
    row.url,
    row.schedule,
    row.pausedReason === null ? row.state : `${row.state} (${row.pausedReason})`,
    ago(row.lastGoodPollAt, now),
  ])
  print(
    lines.length === 0
      ? 'no mailbox is set\n'
      : table(['mailbox', 'url', 'schedule', 'state', 'last good poll'], lines),
  )
}

/** Logs in and shows what is there. Changes nothing. Needs no database, unless a token has to be got. */
export async function testMailbox(
  config: Config,
  name: string,
  options: { json: boolean },
  signal: AbortSignal,
): Promise<void> {
  for (const mailbox of mailboxesOf(config, name)) {
    const inspection = await withConnect(config, mailbox, (connect) => inspect(mailbox, connect, signal))
    if (options.json) printJson(inspection)
    else print(inspectionText(inspection))
  }
}

export async function pauseMailbox(config: Config, name: string): Promise<void> {
  await change(config, name, 'pause')
  print(`${name} is paused until \`mailchute mailbox resume ${name}\`\n`)
}

export async function resumeMailbox(config: Config, name: string): Promise<void> {
  await change(config, name, 'resume')
  print(`${name} is polled again; what was held on the server is tried again\n`)
}

async function change(config: Config, name: string, what: 'pause' | 'resume'): Promise<void> {
  await using app = await openApp(config)
  for (const mailbox of mailboxesOf(config, name)) {
    const row = app.rows.get(mailbox.name)
    if (row !== undefined) await app.store.mailboxes[what](row.id)
  }
}
