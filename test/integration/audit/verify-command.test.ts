import { beforeAll, describe, expect, test } from 'vitest'
import { openAcknowledging } from '../../support/acknowledging.ts'
import { type AuditLog, KEYS, openAuditLog } from '../../support/audit-log.ts'
import { mail } from '../../support/mails.ts'
import { buildProgram, run, start } from '../../support/program.ts'

const KEY = Buffer.alloc(32, 1).toString('base64')

beforeAll(buildProgram, 300_000)

const verify = (log: AuditLog, ...options: string[]) =>
  run(['audit', 'verify', ...options], { DATABASE_URL: log.url, MAILCHUTE_SECRET_KEY: KEY })

describe('audit verify', () => {
  test('tells what it found in a few lines, with the head to be noted elsewhere', async () => {
    await using log = await openAuditLog(12, KEYS)
    await log.book(1)
    const { code, stdout } = await verify(log)
    const head = (await log.store.audit.head())?.digest ?? ''
    expect({ code, text: stdout.toString() }).toEqual({
      code: 0,
      text: expect.stringMatching(
        new RegExp(
          `^chain +12 events in 3 seals, unbroken\nkey +3 seals proven\nnot sealed +1 event, since .*\nhead +${head} \\(seal 3, .*\\)\n$`,
        ),
      ),
    })
    const noted = await verify(log, '--head', head)
    expect(noted).toMatchObject({ code: 0 })
    expect(noted.stdout.toString()).toContain('noted head  is seal 3\n')
  })

  test('ends with 65 where it is broken, and names what', async () => {
    await using log = await openAuditLog(12, KEYS)
    const [event] = await log.query<{ id: string }>('SELECT id FROM inbound_events ORDER BY id OFFSET 6 LIMIT 1')
    await log.tamper(`DELETE FROM inbound_events WHERE id = ${event?.id}`)
    const { code, stdout, stderr } = await verify(log)
    expect(code).toBe(65)
    expect(stdout.toString()).toMatch(
      new RegExp(`^chain +5 events in 1 seal, broken: event ${event?.id} was deleted \\(seal 2\\)\n`),
    )
    expect(stderr).toContain(`audit/broken: event ${event?.id} was deleted (seal 2).`)
    const json = await verify(log, '--json')
    expect(JSON.parse(json.stdout.toString())).toMatchObject({
      ...{ ok: false, finding: { kind: 'event-missing', seal: '2', event: event?.id } },
    })
  })

  test('ends with 65 where a head that was noted elsewhere is not there', async () => {
    await using log = await openAuditLog(12, KEYS)
    const { code, stderr } = await verify(log, '--head', 'f'.repeat(64))
    expect({ code, stderr }).toEqual({
      code: 65,
      stderr: expect.stringContaining('that was noted elsewhere is in no seal'),
    })
    expect(await verify(log, '--head', 'f00')).toMatchObject({ code: 64 })
  })

  test('looks at the octets too where asked: of any message', async () => {
    await using desk = await openAcknowledging()
    desk.deliver(mail({ id: 'first' }), mail({ id: 'second' }), mail({ id: 'third' }))
    await desk.takeIn()
    expect(await run(['audit', 'verify', '--raw'], desk.env)).toMatchObject({ code: 0 })
    const [first, second] = await desk.query<{ sha256: string }>('SELECT sha256 FROM raw_messages ORDER BY sha256')
    await desk.query(`UPDATE raw_chunks SET octets = set_byte(octets, 3, 0) WHERE sha256 = $1`, [first?.sha256])
    await desk.query(`DELETE FROM raw_chunks WHERE sha256 = $1`, [second?.sha256])
    const { code, stdout } = await run(['audit', 'verify', '--raw', '--json'], desk.env)
    expect({ code, raw: JSON.parse(stdout.toString()).raw }).toEqual({
      code: 65,
      raw: { messages: 3, purged: 0, notGone: [], damaged: [first?.sha256, second?.sha256] },
    })
  })
})

describe('the duty to seal', () => {
  test('is done by `run` from its start on, and each seal is told with its head', async () => {
    await using log = await openAuditLog(0)
    await log.book(3)
    const running = start(['run', '--only', 'work'], {
      DATABASE_URL: log.url,
      MAILCHUTE_SECRET_KEY: KEY,
      LOG_LEVEL: 'info',
    })
    const line = await running.line(({ event }) => event === 'audit.sealed')
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
    expect(line).toMatchObject({ seals: 1, events: 3, seal: '1', head: (await log.store.audit.head())?.digest })
  })

  test('tells where the last seal was changed, and goes no further', async () => {
    await using log = await openAuditLog(3)
    await log.tamper('UPDATE audit_seals SET events = 2')
    await log.book(1)
    const running = start(['run', '--only', 'work'], {
      DATABASE_URL: log.url,
      MAILCHUTE_SECRET_KEY: KEY,
      LOG_LEVEL: 'info',
    })
    const line = await running.line(({ event }) => event === 'audit.failed')
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
    expect(line).toMatchObject({ code: 'audit/broken', seal: '1' })
    expect(await log.query('SELECT number FROM audit_seals')).toEqual([{ number: '1' }])
  })

  test('that lags is found by the doctor', async () => {
    await using log = await openAuditLog(1)
    const doctor = () => run(['doctor'], { DATABASE_URL: log.url })
    expect((await doctor()).stdout.toString()).toMatch(/^ok +audit log: sealed, but for 0 events of the last minutes$/m)
    await log.query(
      `INSERT INTO inbound_events (mailbox_id, code, at) VALUES ($1, 'x', now() - interval '11 minutes')`,
      [log.mailboxId],
    )
    expect((await doctor()).stdout.toString()).toMatch(
      /^warn +audit log: 1 event not sealed, for 11 minutes\n {6}`mailchute run`/m,
    )
  })
})
