/**
 * SIGKILL of the built program at random moments, again and again: while it starts, logs in, downloads, stores, deletes,
 * ends the session and works. Whenever it gets through, everything is checked and new mail is delivered.
 *
 * KILL_COUNT sets how many kills there are, KILL_SEED which: it is told where a promise is broken.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Command } from '../../src/sandbox/command.ts'
import { generateMails } from '../../src/sandbox/generate.ts'
import { delay } from '../../src/sandbox/manners.ts'
import { createRandom, type Random } from '../../src/sandbox/random.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, type Running, start } from '../support/program.ts'
import { brokenPromises } from '../support/promises.ts'
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.ts'
import { startMailbox, type TestMailbox } from '../support/sandbox.ts'

const KILLS = Number(process.env['KILL_COUNT'] ?? 200)
const SEED = Number(process.env['KILL_SEED'] ?? Date.now() % 1e6)
const QUIT_MILLISECONDS = 10
const MAILS_A_ROUND = 300
/** More of them where a kill came after the mailbox was empty. */
const MAILS_MORE = 100
/** Slow enough for a kill to find it at any of them. */
const DELAYS = [delay({ verb: 'RETR' }, 1), delay({ verb: 'QUIT' }, QUIT_MILLISECONDS)]
const TRY_AGAIN = 75
const TEST_MILLISECONDS = 600_000

let redis: TestRedis | undefined
beforeAll(async () => {
  await buildProgram()
  if (redisAvailable) redis = await startRedis()
}, 120_000)
afterAll(() => redis?.stop())

describe.concurrent('a program killed at random moments', () => {
  test.skipIf(!redisAvailable)(
    'leaves each mail exactly one effect, with the queue in Redis (I1 to I5)',
    () => killAgainAndAgain(SEED, Math.ceil(KILLS / 2), redis?.url),
    TEST_MILLISECONDS,
  )

  test(
    'leaves each mail exactly one effect, with the queue in PostgreSQL (I1 to I5)',
    () => killAgainAndAgain(SEED + 1, Math.floor(KILLS / 2), undefined),
    TEST_MILLISECONDS,
  )
})

interface Round {
  readonly server: TestMailbox
  readonly databaseUrl: string
  readonly random: Random
  /** All that were ever delivered. */
  readonly octets: Buffer[]
  /** Where it was when it was killed. */
  readonly phases: Map<Phase, number>
  launch(): Running
}

async function killAgainAndAgain(seed: number, kills: number, redisUrl: string | undefined): Promise<void> {
  const databaseUrl = await createDatabase()
  await using server = await startMailbox([], { manners: DELAYS })
  const settings = {
    ...server.env(),
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  }
  const launch = () => start(['drain', '--json'], settings)
  const round: Round = { server, databaseUrl, random: createRandom(seed), octets: [], phases: new Map(), launch }
  deliver(round, MAILS_A_ROUND)
  for (let killed = 0; killed < kills; ) {
    const code = await oneLife(round, pickMoment(round))
    if (code === null) {
      killed += 1
      if (server.mailbox.messages().length === 0 && round.random.between(0, 1) < 0.5) deliver(round, MAILS_MORE)
      continue
    }
    expect(code).toBeOneOf([0, TRY_AGAIN])
    if (code === TRY_AGAIN) continue
    await checkRound(round, seed, killed)
    deliver(round, MAILS_A_ROUND)
  }
  await finishOff(round)
  await checkRound(round, seed, kills)
  if (kills >= 50) expect([...round.phases.keys()].toSorted()).toEqual(PHASES.toSorted())
}

function deliver({ server, octets }: Round, count: number): void {
  const threads = { count: 20, mailsEach: 3, link: 'references' } as const
  for (const mail of generateMails({ count, seed: octets.length, averageBytes: 2500, threads })) {
    server.mailbox.deliver(mail.octets, mail.uniqueId)
    octets.push(mail.octets)
  }
}

const PHASES = ['start', 'login', 'download', 'delete', 'end', 'work'] as const
type Phase = (typeof PHASES)[number]

/** Kills it: at once, or so long after a command that the server sees. */
interface Moment {
  readonly at: (command: Command, nth: number) => boolean
  readonly afterMilliseconds: number
}

function pickMoment({ random, server }: Round): Moment | number {
  const kind = random.pick(['command', 'command', 'quit', 'work', 'start'])
  if (kind === 'start') return random.between(100, 1200)
  if (kind === 'quit')
    return { at: ({ verb }) => verb === 'QUIT', afterMilliseconds: random.between(0, 2 * QUIT_MILLISECONDS) }
  if (kind === 'work') return { at: ({ verb }) => verb === 'QUIT', afterMilliseconds: random.between(0, 700) }
  const last = 8 + 2 * server.mailbox.messages().length
  const chosen = Math.ceil(random.between(0, last))
  return { at: (_, nth) => nth === chosen, afterMilliseconds: random.between(0, 5) }
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
  const stopListening = server.sandbox.onCommand((command) => {
    phase = PHASE_OF[command.verb] ?? phase
    nth += 1
    if (typeof moment === 'object' && moment.at(command, nth)) timers.push(setTimeout(kill, moment.afterMilliseconds))
    if (command.verb === 'QUIT') void server.sandbox.idle().then(() => (phase = 'work'))
  })
  if (typeof moment === 'number') timers.push(setTimeout(kill, moment))
  const { code, signal, stderr } = await running.ended
  stopListening()
  for (const timer of timers) clearTimeout(timer)
  if (signal === 'SIGKILL') phases.set(killedIn, (phases.get(killedIn) ?? 0) + 1)
  else expect({ code, signal, stderr: code === 0 || code === TRY_AGAIN ? '' : stderr }).toMatchObject({ stderr: '' })
  return signal === 'SIGKILL' ? null : code
}

const PHASE_OF: Readonly<Record<string, Phase>> = {
  GREETING: 'login',
  RETR: 'download',
  TOP: 'download',
  DELE: 'delete',
  QUIT: 'end',
}

/** A connection that is not known to be dead yet may hold the lock of the mailbox for a moment. */
async function finishOff({ launch }: Round): Promise<void> {
  for (;;) {
    const { code, stderr } = await launch().ended
    if (code === 0) return
    expect({ code, stderr }).toMatchObject({ code: TRY_AGAIN })
  }
}

async function checkRound({ server, databaseUrl, octets, phases }: Round, seed: number, killed: number): Promise<void> {
  const left = server.mailbox.messages().map(({ uniqueId }) => uniqueId)
  const broke = await brokenPromises(databaseUrl, { octets })
  const where = { seed, killed, phases: Object.fromEntries(phases) }
  expect({ ...where, left, broke }).toEqual({ ...where, left: [], broke: [] })
}
