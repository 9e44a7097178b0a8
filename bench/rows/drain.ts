import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { DOVECOT_PASSWORD } from '../../test/support/dovecot.ts'
import { redisAvailable } from '../../test/support/redis.ts'
import { LIMIT_MS } from '../support/child.ts'
import { cpuByProgram, cpuOfEnded, peakMemoryMib } from '../support/processes.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'

const PROGRAM = path.resolve(import.meta.dirname, '..', '..', 'dist', 'main.js')

const common = { group: 'drain', unit: 'mails/s', goal: { atLeast: 250 }, aim: 550 } as const
const notBuilt = existsSync(PROGRAM) ? null : 'the program is not built (npm run build)'

export const drainRows: readonly Row[] = [
  {
    ...common,
    what: 'drain to tickets, queue in Redis',
    missing: notBuilt ?? (redisAvailable ? null : 'redis-server is not installed'),
    measure: (world) => drain(world, world.redis?.url ?? null),
  },
  {
    ...common,
    what: 'drain to tickets, queue in PostgreSQL',
    missing: notBuilt,
    measure: (world) => drain(world, null),
  },
]

const Report = z.object({
  mailboxes: z.array(z.object({ left: z.number(), deleted: z.number() })),
  work: z.object({ ticketed: z.number() }),
  seconds: z.object({ poll: z.number(), work: z.number(), total: z.number() }),
})

/** The built program, as a user would call it. */
function drain(world: World, redisUrl: string | null): Promise<Measured> {
  return world.withDatabase(async (databaseUrl) => {
    await world.redis?.flushAll()
    const mails = world.mails.length
    const user = await world.fullMailbox(mails)
    const { report, wallSeconds, peakMib, cpuMs } = await run(world, {
      DATABASE_URL: databaseUrl,
      MAILBOX_BENCH_URL: `pop3://${user}@127.0.0.1:${world.dovecot.ports.pop3}`,
      MAILBOX_BENCH_PASSWORD: DOVECOT_PASSWORD,
      ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    })
    const { seconds, work, mailboxes } = Report.parse(JSON.parse(report))
    if (work.ticketed !== mails || mailboxes[0]?.deleted !== mails) throw new Error(`not all of ${mails}: ${report}`)
    return {
      figure: mails / seconds.total,
      note: `poll ${seconds.poll} s, work after it ${seconds.work} s, whole command ${wallSeconds.toFixed(2)} s, CPU ${cpuMs}, ${peakMib} MiB`,
    }
  })
}

async function run({ folder, signal: ending }: World, settings: NodeJS.ProcessEnv) {
  const before = await cpu()
  const startedAt = performance.now()
  const child = spawn(process.execPath, [PROGRAM, 'drain', '--json'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    signal: ending,
    killSignal: 'SIGKILL',
  })
  let peakMib = 0
  const watch = setInterval(async () => {
    peakMib = (await peakMemoryMib(child.pid ?? 0)) ?? peakMib
  }, 100)
  const [report, log, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  clearInterval(watch)
  if (code !== 0) throw new Error(`drain ended with ${code ?? signal}: ${log.slice(-1000)}`)
  const wallSeconds = (performance.now() - startedAt) / 1000
  const after = await cpu()
  const cpuMs = `${after.own - before.own} ms, PostgreSQL ${after.postgres - before.postgres} ms`
  return { report, wallSeconds, peakMib, cpuMs }
}

async function cpu() {
  return { own: await cpuOfEnded(), postgres: (await cpuByProgram(process.pid)).get('postgres') ?? 0 }
}
