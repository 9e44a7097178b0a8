/**
 * SIGKILL of the built program at random moments, again and again: while it starts, logs in, downloads, stores, deletes,
 * ends the session and works. Whenever it gets through, everything is checked and new mail is delivered.
 *
 * KILL_COUNT sets how many kills there are, KILL_SEED which: it is told where a promise is broken.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateMails } from '../../src/sandbox/generate.ts'
import { createRandom, type Random } from '../../src/sandbox/random.ts'
import { FAULT_SERVERS, type FaultServer, type FaultServerOptions, type Step } from '../support/fault-server.ts'
import { absenceNote, bounce, mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, type Running, start } from '../support/program.ts'
import { brokenPromises } from '../support/promises.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'

/** Of the first server with each queue; the others differ only in how mail gets in. */
const KILLS = Number(process.env['KILL_COUNT'] ?? 40)
const KILLS_OF_OTHERS = Math.ceil(KILLS / 4)
const SEED = Number(process.env['KILL_SEED'] ?? Date.now() % 1e6)
/** About what ending a session takes. */
const END_MILLISECONDS = 10
const MAILS_A_ROUND = 300
/** More of them where a kill came after the mailbox was empty. */
const MAILS_MORE = 100
const TRY_AGAIN = 75
const TEST_MILLISECONDS = 1_800_000

let redis: TestRedis | undefined
beforeAll(async () => {
  await buildProgram()
  if (redisAvailable) redis = await startRedis()
}, 300_000)
afterAll(() => redis?.stop())

/** Each over a database of its own; the first server with either queue, the others with the database's. */
const CASES = Object.entries(FAULT_SERVERS).flatMap(([server, open], index) => [
  ...(index === 0 && redisAvailable ? [{ server, open, queue: 'Redis', kills: KILLS }] : []),
  { server, open, queue: 'PostgreSQL', kills: index === 0 ? KILLS : KILLS_OF_OTHERS },
])

describe.concurrent('a program killed at random moments', () => {
  test.each(CASES)(
    'leaves each mail exactly one effect, over $server and with the queue in $queue (I1 to I5)',
    ({ open, queue, server, kills }) =>
      killAgainAndAgain(SEED + CASES.findIndex((each) => each.server === server && each.queue === queue), {
        open,
        kills,
        redisUrl: queue === 'Redis' ? redis?.url : undefined,
      }),
    TEST_MILLISECONDS,
  )
})

interface Round {
  readonly server: FaultServer
  readonly databaseUrl: string
  readonly random: Random
  /** All that were ever delivered. */
  readonly octets: Buffer[]
  /** How many of them report on another. */
  booked: number
  /** Where it was when it was killed. */
  readonly phases: Map<Phase, number>
  launch(): Running
}

interface Over {
  readonly open: (options: FaultServerOptions) => Promise<FaultServer>
  readonly redisUrl: string | undefined
  readonly kills: number
}

async function killAgainAndAgain(seed: number, { open, redisUrl, kills }: Over): Promise<void> {
  const databaseUrl = await createDatabase()
  await using server = await open({ isSlow: true })
  const settings = {
    ...server.env(),
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  }
  const launch = () => start(['drain', '--json'], settings)
  const round: Round = {
    server,
    databaseUrl,
    random: createRandom(seed),
    octets: [],
    booked: 0,
    phases: new Map(),
    launch,
  }
  await deliver(round, MAILS_A_ROUND)
  for (let killed = 0; killed < kills; ) {
    const code = await oneLife(round, await pickMoment(round))
    if (code === null) {
      killed += 1
      if ((await server.left()) === 0 && round.random.between(0, 1) < 0.5) await deliver(round, MAILS_MORE)
      continue
    }
    expect(code).toBeOneOf([0, TRY_AGAIN])
    if (code === TRY_AGAIN) continue
    await checkRound(round, seed, killed)
    await deliver(round, MAILS_A_ROUND)
  }
  await finishOff(round)
  await checkRound(round, seed, kills)
  if (kills >= 40) expect([...round.phases.keys()].toSorted()).toEqual(PHASES.toSorted())
}

async function deliver(round: Round, count: number): Promise<void> {
  const { server, octets } = round
  const threads = { count: 20, mailsEach: 3, link: 'references' } as const
  const ids = ['asked', 'bounce', 'away'].map((name) => `${name}${octets.length}`)
  const [asked = '', bounced = '', away = ''] = ids
  const reports = [bounce({ id: bounced, about: asked }), absenceNote({ id: away, about: asked })]
  for (const each of generateMails({ count, seed: octets.length, averageBytes: 2500, threads })) {
    await server.deliver(each.octets, each.uniqueId)
    octets.push(each.octets)
  }
  for (const [index, each] of [mail({ id: asked }), ...reports].entries()) {
    await server.deliver(each, ids[index] ?? '')
    octets.push(each)
  }
  round.booked += reports.length
}

const PHASES = ['start', 'login', 'download', 'delete', 'end', 'work'] as const
type Phase = (typeof PHASES)[number]

/** Kills it: at once, or so long after a step that the server sees. */
interface Moment {
  readonly at: (step: Step, nth: number) => boolean
  readonly afterMilliseconds: number
}

/** Every other time it is aimed at where it was not killed yet: so few would not get there all by chance. */
async function pickMoment({ random, server, phases }: Round): Promise<Moment | number> {
  const missed = random.between(0, 1) < 0.5 ? PHASES.find((phase) => !phases.has(phase)) : undefined
  const kind = missed ?? random.pick(['step', 'step', 'end', 'work', 'start'] as const)
  if (kind === 'start') return random.between(100, 1200)
  if (kind === 'end')
    return { at: (step) => step === 'end', afterMilliseconds: random.between(0, 2 * END_MILLISECONDS) }
  if (kind === 'work') return { at: (step) => step === 'end', afterMilliseconds: random.between(0, 700) }
  const afterMilliseconds = random.between(0, 5)
  if (kind !== 'step') return { at: (step) => step === kind, afterMilliseconds }
  const chosen = Math.ceil(random.between(0, 4 + 2 * (await server.left())))
  return { at: (_, nth) => nth === chosen, afterMilliseconds }
}

/** Returns the exit code, or null if it was killed in time. */
async function oneLife({ server, launch, phases }: Round, moment: Moment | number): Promise<number | null> {
  const running = launch()
  const kill = () => {
    killedIn = phase
    running.child.kill('SIGKILL')
  }
  const timers: NodeJS.Timeout[] = []
  let phase: Phase = 'start'
  let killedIn: Phase = 'start'
  let nth = 0
  const stopListening = server.onStep((step) => {
    phase = step === 'list' ? 'login' : step
    nth += 1
    if (typeof moment === 'object' && moment.at(step, nth)) timers.push(setTimeout(kill, moment.afterMilliseconds))
    if (step === 'end') void server.idle().then(() => (phase = 'work'))
  })
  if (typeof moment === 'number') timers.push(setTimeout(kill, moment))
  const { code, signal, stderr } = await running.ended
  stopListening()
  for (const timer of timers) clearTimeout(timer)
  if (signal === 'SIGKILL') phases.set(killedIn, (phases.get(killedIn) ?? 0) + 1)
  else expect({ code, signal, stderr: code === 0 || code === TRY_AGAIN ? '' : stderr }).toMatchObject({ stderr: '' })
  return signal === 'SIGKILL' ? null : code
}

/** A connection that is not known to be dead yet may hold the lock of the mailbox for a moment. */
async function finishOff({ launch }: Round): Promise<void> {
  for (;;) {
    const { code, stderr } = await launch().ended
    if (code === 0) return
    expect({ code, stderr }).toMatchObject({ code: TRY_AGAIN })
  }
}

async function checkRound(
  { server, databaseUrl, octets, booked, phases }: Round,
  seed: number,
  killed: number,
): Promise<void> {
  const left = await server.left()
  const broke = await brokenPromises(databaseUrl, { octets, booked, asSent: server.asSent })
  const where = { seed, killed, phases: Object.fromEntries(phases) }
  expect({ ...where, left, broke }).toEqual({ ...where, left: 0, broke: [] })
}
