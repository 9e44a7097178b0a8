import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, logLines, peakResidentBytes, runJson, start } from '../support/program.ts'

const MB = 1_000_000
const LIMIT_BYTES = 300 * MB

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

async function startServer(kind: string, messageBytes: number) {
  const file = fileURLToPath(new URL('../support/large-mail-server.ts', import.meta.url))
  const child = spawn(process.execPath, [file, kind, String(messageBytes)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const stop = async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
  }
  return { ...server.parse(JSON.parse(String(line))), stop }
}

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
  test.each([
    ['pop3', 150],
    ['graph', 100],
  ])(
    'over %s a message of %i MB becomes a ticket, and no process ever has 300 MB',
    { timeout: 120_000 },
    async (...of) => {
      const [kind, megabytes] = of
      const { settings: mailbox, sizeBytes, attachment, stop } = await startServer(kind, megabytes * MB)
      const databaseUrl = await createDatabase()
      const settings = { DATABASE_URL: databaseUrl, ...mailbox }
      const peakOfBackends = await watchBackends(databaseUrl)
      const { code, stdout, stderr } = await start(['drain', '--json'], settings, { node: ['--import', SAY_PEAK] })
        .ended
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
      expect(Math.max(program, backends)).toBeLessThan(LIMIT_BYTES)
    },
  )
})
