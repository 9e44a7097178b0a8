import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DOVECOT_PASSWORD, startDovecot } from '../support/dovecot.ts'
import { type LargeMail, largeMail } from '../support/large-mail.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, logLines, peakResidentBytes, runJson, type Settings, start } from '../support/program.ts'

const MB = 1_000_000
const MESSAGE_BYTES = 150 * MB

/** The last thing the program does is to say how much memory it ever had. */
const SAY_PEAK = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeSync } from 'node:fs'
  import { isMainThread } from 'node:worker_threads'
  if (isMainThread) process.on('exit', () => {
    const kilobytes = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
    writeSync(2, JSON.stringify({ event: 'peak', bytes: kilobytes * 1024 }) + '\\n')
  })
`)}`

const server = z.object({
  settings: z.record(z.string(), z.string()),
  sizeBytes: z.int(),
  attachment: z.object({ sizeBytes: z.int(), sha256: z.string() }),
})

interface LargeMailServer {
  readonly settings: Settings
  readonly sizeBytes: number
  readonly attachment: LargeMail['attachment']
  stop(): Promise<void>
}

async function inAnotherProcess(kind: 'pop3' | 'graph'): Promise<LargeMailServer> {
  const file = fileURLToPath(new URL('../support/large-mail-server.ts', import.meta.url))
  const child = spawn(process.execPath, [file, kind, String(MESSAGE_BYTES)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const stop = async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
  }
  return { ...server.parse(JSON.parse(String(line))), stop }
}

async function overImap(): Promise<LargeMailServer> {
  const dovecot = await startDovecot()
  const { sizeBytes, attachment, read } = largeMail(MESSAGE_BYTES)
  await dovecot.deliver('large', [Buffer.concat([...read()])])
  const url = `imap://large@127.0.0.1:${dovecot.ports.imap}`
  const stop = async () => dovecot[Symbol.asyncDispose]()
  return { settings: { MAILBOX_LARGE_URL: url, MAILBOX_LARGE_PASSWORD: DOVECOT_PASSWORD }, sizeBytes, attachment, stop }
}

/** As the image and the unit of systemd set it: without it, 30 MB more. */
const DEPLOYED = { MALLOC_ARENA_MAX: '1' }

/** imapflow alone takes 33 MB to load. */
const WAYS = [
  { protocol: 'POP3', open: () => inAnotherProcess('pop3'), limitMB: 340 },
  { protocol: 'Graph', open: () => inAnotherProcess('graph'), limitMB: 340 },
  { protocol: 'IMAP', open: overImap, limitMB: 340 },
]

/** The most memory that one of PostgreSQL's processes for this database had, looked at until told to stop. */
async function watchBackends(databaseUrl: string): Promise<() => Promise<number>> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  let peak = 0
  const look = async () => {
    const { rows } = await client.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database()',
    )
    peak = Math.max(peak, ...rows.map(({ pid }) => peakResidentBytes(pid)))
  }
  await look()
  const timer = setInterval(() => void look().catch(() => undefined), 100)
  return async () => {
    clearInterval(timer)
    await client.end()
    return peak
  }
}

beforeAll(buildProgram)

describe.skipIf(process.platform !== 'linux')('memory', () => {
  const what = 'a message of 150 MB becomes a ticket over $protocol, and no process ever has $limitMB MB'
  test.each(WAYS)(what, async ({ open, limitMB }) => {
    const { sizeBytes, attachment, stop, ...mailbox } = await open()
    const databaseUrl = await createDatabase()
    const settings = { DATABASE_URL: databaseUrl, ...DEPLOYED, ...mailbox.settings }
    const peakOfBackends = await watchBackends(databaseUrl)
    const { code, stdout, stderr } = await start(['drain', '--json'], settings, { node: ['--import', SAY_PEAK] }).ended
    await stop()
    const backends = await peakOfBackends()
    const program = Number(logLines(stderr).find(({ event }) => event === 'peak')?.['bytes'])

    expect(JSON.parse(stdout.toString())).toMatchObject({
      mailboxes: [{ listed: 1, stored: 1, deleted: 1, octets: sizeBytes, error: null }],
      work: { ticketed: 1, quarantined: 0 },
    })
    expect(code).toBe(0)
    const [ticket] = await runJson(['tickets', 'show', '1', '--json'], settings)
    expect(ticket).toMatchObject({ entries: [{ attachments: [{ filename: 'large.bin', ...attachment }] }] })
    expect(program).toBeGreaterThan(0)
    expect(backends).toBeGreaterThan(0)
    expect(Math.max(program, backends)).toBeLessThan(limitMB * MB)
  })
})
