import type { Config } from '../config.ts'
import { mailboxesOf, openApp } from './app.ts'
import { connecting } from './connect.ts'
import { ago, bytes, print, printJson, table } from './terminal.ts'

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

/** Logs in and shows what is there. Changes nothing: no download, no DELE, no QUIT. Needs a database only for a login. */
export async function testMailbox(
  config: Config,
  name: string,
  options: { json: boolean },
  signal: AbortSignal,
): Promise<void> {
  for (const mailbox of mailboxesOf(config, name)) {
    const startedAt = performance.now()
    await using by = await connecting(config, mailbox)
    await using session = await by.connect(signal)
    const listed = await session.list()
    const octets = listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const milliseconds = Math.round(performance.now() - startedAt)
    if (options.json) printJson({ mailbox: mailbox.name, messages: listed.length, octets, milliseconds })
    else
      print(
        `${mailbox.name}: login works, ${listed.length} messages of ${bytes(octets)}, ${milliseconds} ms; nothing was changed\n`,
      )
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
