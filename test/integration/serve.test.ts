import { get } from 'node:http'
import { createServer } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openStore } from '../../src/store/store.ts'
import { createDatabase, startCluster } from '../support/postgres.ts'
import { buildProgram, type Running, run, runJson, type Settings, start } from '../support/program.ts'
import { samplesOf } from '../support/prometheus.ts'
import { startMailbox } from '../support/sandbox.ts'

beforeAll(buildProgram)

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

const MAIL = Buffer.from('From: Ann <ann@customer.example>\r\nSubject: subject-canary\r\n\r\nbody-canary\r\n')

async function serving(args: readonly string[], settings: Settings): Promise<Running & { at: string }> {
  const running = start(['run', ...args], { HTTP_PORT: '0', ...settings })
  opened.push(() => {
    running.child.kill('SIGTERM')
    return running.ended
  })
  const line = await running.line(({ event }) => event === 'serve.started')
  return { ...running, at: `http://127.0.0.1:${line['port']}` }
}

describe('serve', () => {
  test('tells how things stand, in the text format of Prometheus, and nothing of a mail (I9)', async () => {
    await using box = await startMailbox([{ uniqueId: 'a', octets: MAIL }])
    const secret = {
      MAILBOX_APP_URL: 'graph://a@corp.example',
      MAILBOX_APP_OAUTH_CLIENT_ID: 'app',
      MAILBOX_APP_OAUTH_CLIENT_SECRET: 'secret-canary',
      MAILBOX_APP_OAUTH_CLIENT_SECRET_EXPIRES: new Date(Date.now() + 12.5 * 86_400_000).toISOString().slice(0, 10),
    }
    const settings = { ...box.env(), ...secret, DATABASE_URL: await createDatabase() }
    await runJson(['drain', '--mailbox', 'test', '--json'], settings)
    expect((await run(['mailbox', 'pause', 'app'], settings)).code).toBe(0)
    const store = openStore(settings.DATABASE_URL)
    opened.push(() => store.close())
    const row = z.object({ id: z.string() }).parse(await store.mailboxes.find('test'))
    await store.ledger.census(row.id, 'pop3 127.0.0.1', [{ uniqueId: 'held', sizeBytes: 1 }])

    const { at } = await serving(['--only', 'serve'], settings)
    const answer = await fetch(`${at}/metrics`)
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    const samples = samplesOf(text)
    expect(samples.get('mailchute_credential_days_left{mailbox="app",what="client-secret"}')).toBeOneOf([11, 12])
    expect(samples.get('mailchute_mailbox_paused{mailbox="app",reason="operator"}')).toBe(1)
    expect(samples.get('mailchute_mailbox_paused{mailbox="test",reason=""}')).toBe(0)
    expect(samples.get('mailchute_mailbox_last_good_poll_seconds{mailbox="test"}')).toBeLessThan(60)
    for (const name of [
      'messages_waiting',
      'messages_quarantined',
      'messages_looping',
      'messages_held',
      'oldest_waiting_seconds',
    ]) {
      expect(samples.get(`mailchute_${name}`)).toBe(0)
    }
    for (const state of ['waiting', 'failed']) {
      expect(samples.get(`mailchute_outbox_messages{state="${state}"}`)).toBe(0)
    }
    expect(text).not.toContain('canary')
    expect((await fetch(`${at}/livez`)).status).toBe(200)
    const ready = await fetch(`${at}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ok', checks: { database: { status: 'ok' }, queue: { status: 'ok' } } },
    ])
    expect((await fetch(`${at}/metrics/x`)).status).toBe(404)
  })

  test('answers by the name that CONSOLE_URL gives it, and by no other that a stranger may own', async () => {
    const settings = { DATABASE_URL: await createDatabase(), CONSOLE_URL: 'https://mailchute.example.com' }
    const { at } = await serving(['--only', 'serve'], settings)
    const askedAs = (host: string) =>
      new Promise((resolve, reject) => {
        get(`${at}/metrics`, { headers: { host } }, ({ statusCode }) => resolve(statusCode)).on('error', reject)
      })
    expect(await askedAs('mailchute.example.com')).toBe(200)
    expect(await askedAs('other.example.com')).toBe(403)
  })

  test('is alive, but not ready, while the database is gone', async () => {
    const cluster = await startCluster()
    opened.push(() => cluster.dispose())
    const { at, line } = await serving(['--only', 'serve'], { DATABASE_URL: await cluster.createDatabase() })
    await cluster.stop('immediate')
    expect((await fetch(`${at}/livez`)).status).toBe(200)
    const ready = await fetch(`${at}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([503, expect.objectContaining({ code: 'store/unavailable' })])
    expect((await fetch(`${at}/metrics`)).status).toBe(503)
    const told = await line(({ event }) => event === 'console.failed')
    expect(told).toMatchObject({ route: '/metrics', code: 'store/unavailable' })
  })

  test('on a port that is taken: asked for by name it ends and says what to do, else the mail goes on', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    opened.push(() => new Promise((resolve) => taken.close(resolve)))
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const HTTP_PORT = String(typeof address === 'object' ? address?.port : 0)
    await using box = await startMailbox([{ uniqueId: 'a', octets: MAIL }])
    const settings = { ...box.env(), HTTP_PORT, DATABASE_URL: await createDatabase() }
    const asked = await run(['run', '--only', 'work,serve'], settings)
    expect([asked.code, asked.stderr]).toEqual([69, expect.stringMatching(/runtime\/port-taken: .*HTTP_PORT/s)])
    const other = start(['run'], settings)
    opened.push(() => {
      other.child.kill('SIGTERM')
      return other.ended
    })
    expect(await other.line(({ event }) => event === 'serve.skipped')).toMatchObject({ code: 'runtime/port-taken' })
    await other.line(({ event }) => event === 'message.ticketed')
  })
})
