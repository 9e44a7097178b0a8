/**
 * How fast Mailchute is, in ratios that hold for one run on one machine: against goals, and against other clients.
 * Every figure is the median of `--runs`; the rows take turns, so that a slow minute of the machine hits them all.
 */
import { parseArgs } from 'node:util'
import { print, printJson, progressLine } from '../src/commands/terminal.ts'
import { auditRows } from './rows/audit.ts'
import { consoleRows } from './rows/console.ts'
import { drainRows } from './rows/drain.ts'
import { idleRows } from './rows/idle.ts'
import { intakeRows } from './rows/intake.ts'
import { peerRows } from './rows/peers.ts'
import { slowLineRows } from './rows/slow-line.ts'
import { understandRows } from './rows/understand.ts'
import { inChild } from './support/child.ts'
import { type Finished, finish, stagesText, tableText } from './support/report.ts'
import { GROUPS, type Group, type Measured, type Row } from './support/row.ts'
import { openWorld, type World } from './support/world.ts'
import type { Stage } from './tasks/stages.ts'

const USAGE = `usage: npm run bench -- [--quick] [--json] [--verbose] [--runs N] [--mails N] [${GROUPS.join('|')} ...]\n`
const ROWS: readonly Row[] = [
  ...intakeRows,
  ...drainRows,
  ...peerRows,
  ...slowLineRows,
  ...idleRows,
  ...auditRows,
  ...consoleRows,
  ...understandRows,
]

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    mails: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const isGroup = (name: string): name is Group => GROUPS.some((group) => group === name)
const groups = positionals.length === 0 ? GROUPS : positionals.filter(isGroup)
if (options.help || groups.length < positionals.length) {
  process.stderr.write(USAGE)
  process.exitCode = options.help ? 0 : 64
} else {
  await bench().catch((error: Error) => {
    process.stderr.write(`bench: ${error.message}\n`)
    // What was interrupted is still at work on servers that are gone.
    process.exit(1)
  })
}

async function bench(): Promise<void> {
  const runs = Number(options.runs ?? (options.quick ? 1 : 3))
  await using world = await openWorld(Number(options.mails ?? (options.quick ? 200 : 1000)))
  const interrupted = Promise.withResolvers<never>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.reject(new Error(signal)))
  // Either way `world` takes down what it has set up.
  await Promise.race([measureAndTell(world, runs), interrupted.promise])
}

async function measureAndTell(world: World, runs: number): Promise<void> {
  const rows = ROWS.filter(({ group }) => groups.includes(group))
  const finished = await measureAll(world, rows, runs)
  const stages = groups.includes('stages') ? await measureStages(world) : []
  const mails = world.mails.length
  const averageBytes = Math.round(world.mails.reduce((sum, { octets }) => sum + octets.length, 0) / mails)
  if (options.json)
    return printJson({ at: new Date().toISOString(), mails, averageBytes, runs, rows: finished, stages })
  print(`${mails} mails of ${Math.round(averageBytes / 1000)} KB on average, median of ${runs}\n\n`)
  if (finished.length > 0) print(`${tableText(finished)}\n`)
  if (stages.length > 0) print(stagesText(stages, mails))
}

async function measureAll(world: World, rows: readonly Row[], runs: number): Promise<Finished[]> {
  const line = progressLine()
  const results = new Map<Row, Measured[]>(rows.map((row) => [row, []]))
  for (let run = 1; run <= runs; run++) {
    for (const [row, measured] of results) {
      if (row.missing) continue
      line.show(`run ${run} of ${runs}: ${row.what} ...`)
      const one = await row.measure(world).catch((error: Error) => failed(row, error))
      measured.push(one)
      if (options.verbose) process.stderr.write(`${row.what}: ${one.figure.toFixed(2)} ${row.unit} ${one.note ?? ''}\n`)
    }
  }
  line.clear()
  return finish(results)
}

/** The others go on. Somebody else's program that fails is no failure of ours. */
function failed({ group }: Row, error: Error): Measured {
  if (group !== 'peers') process.exitCode = 1
  return { figure: Number.NaN, note: `FAILED: ${error.message}` }
}

function measureStages(world: World): Promise<Stage[]> {
  return world.withDatabase(async (databaseUrl) => {
    await world.redis?.flushAll()
    const mailbox = world.dovecot.mailbox(await world.fullMailbox(world.mails.length), 'plain')
    return await inChild('stages', { databaseUrl, redisUrl: world.redis?.url ?? null, mailbox })
  })
}
