import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, MAIN, run, type Settings } from '../support/program.ts'

const MAIL = Buffer.from('From: Ann <ann@customer.example>\r\nSubject: hello\r\n\r\nHello.\r\n')

let sandbox: Sandbox
let settings: Settings
beforeAll(async () => {
  await buildProgram()
  const messages = [{ uniqueId: 'first', octets: MAIL }]
  sandbox = await startSandbox({ mailboxes: [{ user: 'support', password: 'secret', messages }] })
  settings = {
    LOG_LEVEL: 'info',
    DATABASE_URL: await createDatabase(),
    MAILBOX_SUPPORT_URL: `${sandbox.url('support')}?deleteAfter=never`,
    MAILBOX_SUPPORT_PASSWORD: 'secret',
  }
  expect((await run(['drain'], settings)).code).toBe(0)
})
afterAll(() => sandbox.close())

test('doctor warns where no mailbox is set', async () => {
  const { code, stdout } = await run(['doctor'], { DATABASE_URL: settings['DATABASE_URL'] ?? '' })
  const text = stdout.toString()
  expect([code, text]).toEqual([0, expect.stringMatching(/^warn +settings: no mailbox is set.*\n {6}.*mailbox add/m)])
})

describe('what is asked for wrongly is said, with what would be right', () => {
  test.each([
    [
      'a command that a list has not',
      ['messages', 'list'],
      "'messages' has no command 'list'",
      'see `mailchute messages --help`',
    ],
    ['a missing argument', ['messages', 'raw'], 'missing', 'see `mailchute messages raw --help`'],
    ['no command', ['mesages'], "unknown command 'mesages'", 'see `mailchute --help`'],
    ['a mailbox that nobody knows', ['messages', '--mailbox', 'suport'], 'no mailbox is named suport', 'mailbox list'],
    [
      'the same, worked again',
      ['messages', 'reprocess', '--mailbox', 'suport'],
      'no mailbox is named suport',
      'mailbox list',
    ],
    [
      'a day that no month has',
      ['messages', 'reprocess', '--since', '2026-02-30'],
      '--since takes a day',
      'reprocess --help',
    ],
    [
      'an instant of such a day',
      ['audit', 'export', '--to', '2026-04-31T10:00:00Z'],
      '--to takes a day',
      'export --help',
    ],
    [
      'an end before its beginning',
      ['audit', 'export', '--from', '2026-11-02', '--to', '2026-11-01'],
      '--from is not before --to',
      'the earlier one as --from',
    ],
    [
      'the same of messages',
      ['messages', 'reprocess', '--since', '2026-11-02', '--until', '2026-11-01'],
      '--since is not before --until',
      'as --since',
    ],
    [
      'messages that are done',
      ['messages', 'reprocess', '--state', 'ticketed'],
      'that is ticketed',
      'only quarantined and suppressed',
    ],
    [
      'a place that is taken',
      ['audit', 'export', '--out', import.meta.dirname],
      'is there already',
      'another place with --out',
    ],
  ])('%s', async (_, args, message, hint) => {
    const { code, stderr } = await run(args, settings)
    expect([code, stderr]).toEqual([64, expect.stringContaining(message)])
    expect(stderr.split('Hint: ')[1]).toContain(hint)
  })

  test('one day alone is a time', async () => {
    const args = ['messages', 'reprocess', '--since', '2026-11-02', '--until', '2026-11-02']
    expect(await run(args, settings)).toMatchObject({ code: 0 })
  })

  test('what is inherited from the command around it stands in the help', async () => {
    expect((await run(['messages', 'show', '--help'])).stdout.toString()).toMatch(/Global Options:[\s\S]*--json/)
  })

  test('a port of the demo that is taken', async () => {
    const { port } = new URL(sandbox.url('support').replace(/^pop3/, 'http'))
    const { code, stderr } = await run(['demo', '--once', '--port', port])
    expect([code, stderr]).toEqual([69, expect.stringMatching(/^error runtime\/port-taken: .+--port/)])
  })
})

describe('output that cannot be written', () => {
  test.each([[['messages']], [['messages', '--json']], [['audit', 'verify']]])('%j > /dev/full', async (args) => {
    await using full = await open('/dev/full', 'w')
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env['PATH'], ...settings },
      stdio: ['ignore', full.fd, 'pipe'],
    })
    if (child.stderr === null) throw new Error('it has no standard error')
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect([code, stderr]).toEqual([74, expect.stringMatching(/^error runtime\/output-lost: .+ENOSPC\. Hint: .+\n$/)])
  })
})

test('a mailbox that an operator paused is polled by a drain, and stays paused', async () => {
  expect((await run(['mailbox', 'pause', 'support'], settings)).code).toBe(0)
  const { code, stderr } = await run(['drain'], settings)
  expect([code, stderr]).toEqual([0, expect.stringContaining('poll.finished')])
  expect(stderr).not.toContain('mailbox.resumed')
  expect((await run(['mailbox', 'list'], settings)).stdout.toString()).toContain('paused (operator)')
})

test('the checker says that a bundle is signed by another key than the one given', async () => {
  const secret = { ...settings, MAILCHUTE_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') }
  const out = path.join(process.env['TEST_RUN_FOLDER'] ?? '/tmp', `bundle-${process.pid}`)
  expect((await run(['audit', 'export', '--out', out], secret)).code).toBe(0)
  const checked = promisify(execFile)(process.execPath, [path.join(out, 'verify.mjs'), out, '--key', 'AAAA'])
  const { stdout } = await checked.catch((error: { stdout: string }) => error)
  expect(stdout).toContain('signature: by another key than the one given')
  expect(stdout).not.toContain('by the key given')
})
