import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { refuseLogin } from '../../src/sandbox/manners.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { type Certificate, makeCertificate } from '../support/certificate.ts'
import { createDatabase, createEmptyDatabase } from '../support/postgres.ts'
import { buildProgram, run, runJson, start } from '../support/program.ts'
import { redisAvailable, startRedis } from '../support/redis.ts'

const PASSWORD = 'pa55-canary'
const NOBODY = 'postgresql://somebody:db-canary@127.0.0.1:1/nothing'

const MAIL = Buffer.from('From: Ann <ann@customer.example>\r\nSubject: hello\r\n\r\nHello.\r\n')

let sandbox: Sandbox
let secured: Sandbox
let certificate: Certificate
beforeAll(async () => {
  await buildProgram()
  certificate = await makeCertificate('DNS:localhost,IP:127.0.0.1')
  const mailboxes = [{ user: 'support', password: PASSWORD, messages: [{ uniqueId: 'first', octets: MAIL }] }]
  sandbox = await startSandbox({ mailboxes })
  secured = await startSandbox({ mailboxes, tls: { mode: 'implicit', ...certificate } })
})
afterAll(async () => {
  await sandbox.close()
  await secured.close()
})

const quiet = { LOG_LEVEL: 'silent' }
const mailbox = (url: string, password = PASSWORD) => ({
  MAILBOX_SUPPORT_URL: url,
  MAILBOX_SUPPORT_PASSWORD: password,
})

/** On a terminal a person reads one line: what, its code, and what to do. */
function expectOneLine(stderr: string, code: string): void {
  expect(stderr).toMatch(new RegExp(`^error ${code}: .+[^.]\\. Hint: .+\\n$`))
  expect(stderr).not.toMatch(/canary/)
}

describe('a command that cannot do its work says why in one line, with the exit code of sysexits.h', () => {
  test.each([
    ['an unknown command', ['drian'], 'usage/invalid', 64],
    ['an unknown option', ['drain', '--josn'], 'usage/invalid', 64],
    ['a missing argument', ['mailbox', 'test'], 'usage/invalid', 64],
    ['an unknown role', ['run', '--only', 'dance'], 'usage/invalid', 64],
    ['an unknown state', ['messages', '--state', 'lost'], 'usage/invalid', 64],
    ['a port that is none', ['demo', '--port', 'x'], 'usage/invalid', 64],
    ['a mailbox that is not set', ['mailbox', 'test', 'sales'], 'config/unknown-mailbox', 64],
  ])('%s', async (_, args, code, exitCode) => {
    const ended = await run(args, { ...quiet, ...mailbox(sandbox.url('support')) })
    expect(ended.code).toBe(exitCode)
    expectOneLine(ended.stderr, code)
    expect(ended.stdout.toString()).toBe('')
  })

  test('a command that only holds others shows them', async () => {
    const { code, stderr } = await run(['mailbox'], quiet)
    expect([code, stderr]).toEqual([64, expect.stringMatching(/^Usage: mailchute mailbox/)])
    expect(stderr).not.toContain('error')
  })

  test('a reader that goes away early, as head does, is no fault', async () => {
    const listing = start(['mailbox', 'test', 'support', '--json'], { ...quiet, ...mailbox(sandbox.url('support')) })
    listing.child.stdout?.destroy()
    expect(await listing.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test.each([
    [['tickets', 'show', '99']],
    [['tickets', 'show', 'first']],
    [['messages', 'show', 'abcdef']],
    [['messages', 'raw', "'; DROP"]],
    [['messages', 'reprocess', '00000000-0000-4000-8000-000000000000']],
  ])('nothing has the id of `%j`', async (args) => {
    const ended = await run(args, { ...quiet, DATABASE_URL: await createDatabase() })
    expect(ended.code).toBe(64)
    expectOneLine(ended.stderr, 'usage/not-found')
  })

  test('no database', async () => {
    for (const args of [['drain'], ['run'], ['messages'], ['migrate']]) {
      const ended = await run(args, { ...quiet, ...mailbox(sandbox.url('support')), DATABASE_URL: NOBODY })
      expect([args, ended.code]).toEqual([args, 75])
      expectOneLine(ended.stderr, 'store/unavailable')
    }
  })

  test('no Redis', async () => {
    const settings = { ...quiet, ...mailbox(sandbox.url('support')), DATABASE_URL: await createDatabase() }
    const ended = await run(['drain'], { ...settings, REDIS_URL: 'redis://:redis-canary@127.0.0.1:1' })
    expect(ended.code).toBe(75)
    expectOneLine(ended.stderr, 'queue/unavailable')
  })

  test.skipIf(!redisAvailable)('a Redis that may drop jobs', async () => {
    const redis = await startRedis({ 'maxmemory-policy': 'allkeys-lru' })
    onTestFinished(() => redis.stop())
    const settings = { ...quiet, ...mailbox(sandbox.url('support')), DATABASE_URL: await createDatabase() }
    for (const args of [['drain'], ['run']]) {
      const ended = await run(args, { ...settings, REDIS_URL: redis.url })
      expect(ended.code).toBe(78)
      // BullMQ has its own word about it before.
      expectOneLine(ended.stderr.replace(/^IMPORTANT! .+\n/gm, ''), 'config/queue-eviction')
    }
  })

  test('a database that is not up to date, where it must not be changed', async () => {
    const DATABASE_URL = await createEmptyDatabase()
    const ended = await run(['drain'], {
      ...{ ...quiet, ...mailbox(sandbox.url('support')), DATABASE_URL },
      MAILCHUTE_MIGRATE: 'off',
    })
    expect(ended.code).toBe(78)
    expectOneLine(ended.stderr, 'store/not-migrated')
    const client = new Client({ connectionString: DATABASE_URL })
    await client.connect()
    const { rows } = await client.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)
    await client.end()
    expect(rows).toEqual([])
  })

  test('a mailbox whose server is not there, does not let us in, or is not who it says', async () => {
    const DATABASE_URL = await createDatabase()
    for (const [url, password, code, exitCode] of [
      ['pop3://support@127.0.0.1:1', PASSWORD, 'source/unreachable', 69],
      [sandbox.url('support'), 'wr0ng-canary', 'source/credentials-refused', 77],
      [secured.url('support'), PASSWORD, 'source/tls-untrusted', 69],
    ] as const) {
      for (const args of [['drain'], ['mailbox', 'test', 'support']]) {
        const ended = await run(args, { ...quiet, ...mailbox(url, password), DATABASE_URL })
        expect([url, args, ended.code]).toEqual([url, args, exitCode])
        expectOneLine(ended.stderr, code)
      }
    }
  })
})

describe('settings', () => {
  test('every mistake is told at once, with what to do', async () => {
    const ended = await run(['drain'], {
      ...{ LOG_LEVEL: 'loud', HTTP_PORT: 'http', REDIS_URL: 'http://redis-canary' },
      ...{ MAILBOX_A_URL: 'pop3s://ann:canary@mail.example', MAILBOX_B_URL: 'pop3s://b@mail.example' },
      MAILBOX_B_PASWORD: 'canary',
    })
    expect(ended.code).toBe(78)
    expect(ended.stderr).toMatch(/^error config\/invalid: /)
    for (const name of ['LOG_LEVEL', 'HTTP_PORT', 'REDIS_URL', 'MAILBOX_A_URL', 'MAILBOX_B_PASWORD']) {
      expect(ended.stderr).toContain(`  ${name}: `)
    }
    expect(ended.stderr).toMatch(/MAILBOX_B_PASWORD: .*MAILBOX_B_PASSWORD/)
    expect(ended.stderr).not.toContain('canary')
  })

  test('a mailbox with an authority of its own is trusted by its file', async () => {
    const file = path.join(process.env['TEST_RUN_FOLDER'] ?? '', 'commands-ca.pem')
    await writeFile(file, certificate.ca)
    const [shown] = await runJson(['mailbox', 'test', 'support', '--json'], {
      ...mailbox(`${secured.url('support')}?ca=${file}`),
    })
    expect(shown).toMatchObject({ mailbox: 'support', messages: 1, octets: MAIL.length })
  })
})

describe('a mailbox', () => {
  test('is tested without any change on the server, and without a database', async () => {
    const before = sandbox.log.length
    const ended = await run(['mailbox', 'test', 'support'], mailbox(sandbox.url('support')))
    expect(ended.code).toBe(0)
    expect(ended.stdout.toString()).toMatch(/login works, 1 message of \d+ B/)
    const verbs = new Set(sandbox.log.slice(before).map(({ verb }) => verb))
    for (const verb of ['RETR', 'DELE', 'QUIT']) expect(verbs).not.toContain(verb)
    expect(sandbox.mailbox('support').messages()).toHaveLength(1)
  })

  test('pauses with the reason when its password is refused, and resumes by itself when it is right again', async () => {
    await using own = await startSandbox({ mailboxes: [{ user: 'support', password: PASSWORD }] })
    const settings = { ...mailbox(own.url('support')), DATABASE_URL: await createDatabase() }
    expect((await run(['drain'], { ...settings, MAILBOX_SUPPORT_PASSWORD: 'old' })).code).toBe(77)
    expect((await run(['mailbox', 'list'], settings)).stdout.toString()).toContain(
      'paused (source/credentials-refused)',
    )
    await passBackOff(settings.DATABASE_URL)
    const worker = start(['run', '--only', 'poll'], settings)
    expect(await worker.line(({ event }) => event === 'mailbox.resumed')).toMatchObject({ mailbox: 'support' })
    worker.child.kill('SIGTERM')
    expect((await worker.ended).code).toBe(0)
    expect(await runJson(['mailbox', 'list', '--json'], settings)).toMatchObject([
      { state: 'active', pausedReason: null },
    ])
  })

  test('that an operator paused is left alone until it is resumed', async () => {
    await using own = await startSandbox({ mailboxes: [{ user: 'support', password: PASSWORD }] })
    const settings = { ...mailbox(own.url('support')), DATABASE_URL: await createDatabase(), LOG_LEVEL: 'debug' }
    expect((await run(['mailbox', 'pause', 'support'], settings)).code).toBe(0)
    const worker = start(['run'], settings)
    expect(await worker.line(({ event }) => event === 'poll.skipped')).toMatchObject({ reason: 'paused' })
    worker.child.kill('SIGTERM')
    expect((await worker.ended).code).toBe(0)
    expect(own.sessionCount).toBe(0)
    expect(await runJson(['mailbox', 'list', '--json'], settings)).toMatchObject([{ pausedReason: 'operator' }])
    expect((await run(['mailbox', 'resume', 'support'], settings)).code).toBe(0)
    expect(await runJson(['mailbox', 'list', '--json'], settings)).toMatchObject([{ state: 'active' }])
  })
})

describe('doctor', () => {
  test('finds nothing where all is well, and changes nothing on the server', async () => {
    const ended = await run(['doctor'], { ...mailbox(sandbox.url('support')), DATABASE_URL: await createDatabase() })
    expect(ended.code).toBe(0)
    for (const what of ['settings', 'disk', 'queue', 'clock', 'database', 'mailbox support']) {
      expect(ended.stdout.toString()).toMatch(new RegExp(`^ok +${what}: `, 'm'))
    }
    expect(sandbox.mailbox('support').messages()).toHaveLength(1)
  })

  test('says of each finding what to do, and goes on', async () => {
    await using refusing = await startSandbox({
      mailboxes: [{ user: 'support', password: PASSWORD }],
      manners: [refuseLogin('[AUTH] no')],
    })
    const ended = await run(['doctor'], { ...mailbox(refusing.url('support')), DATABASE_URL: NOBODY })
    expect(ended.code).toBe(75)
    const findings = ended.stdout.toString().match(/^fault .+\n {6}.{20,}$/gm)
    expect(findings).toHaveLength(2)
    expect(findings?.[0]).toContain('(store/unavailable)')
    expect(findings?.[1]).toContain('(source/credentials-refused)')
    expect(ended.stdout.toString()).not.toContain('canary')
  })
})

/** As if the time had passed. */
async function passBackOff(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('UPDATE mailboxes SET next_poll_at = now()')
  await client.end()
}
