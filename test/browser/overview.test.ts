import { Client } from 'pg'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startConsole } from '../../src/console/server.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { launch, overflowOf, type Visit, violationsOf, visit } from '../support/browser.ts'
import { AUDITOR_TOKEN, OPERATOR_TOKEN } from '../support/console.ts'
import { createDatabase } from '../support/postgres.ts'

const MANY = 15
const SUBJECT = `${'x'.repeat(300)} مرحبا 🎉`

/** A house of many mailboxes, with one of each kind of trouble. */
const ROWS = [
  `INSERT INTO mailboxes (name, url, last_good_poll_at) SELECT 'box-' || n, 'imaps://box-' || n || '@mail.example', now() FROM generate_series(1, ${MANY}) n`,
  `UPDATE mailboxes SET state = 'paused', paused_reason = 'source/credentials-refused' WHERE name = 'box-7'`,
  `UPDATE mailboxes SET state = 'paused', paused_reason = 'operator' WHERE name = 'box-8'`,
  `UPDATE mailboxes SET failures = 3, last_good_poll_at = NULL WHERE name = 'box-9'`,
  `INSERT INTO remote_messages (mailbox_id, unique_id, size_bytes, first_seen_at)
   SELECT id, 'r' || n, 100, now() - interval '3 hours' FROM mailboxes, generate_series(1, 12) n WHERE name = 'box-9'`,
  `INSERT INTO raw_messages (sha256, size_bytes) SELECT 'd' || n, 100 FROM generate_series(1, 70) n`,
  `INSERT INTO inbound_messages (mailbox_id, sha256, unique_id, state, reason, received_at, finished_at, from_address, subject)
   SELECT b.id, 'd' || n, 'u' || n, s.state::inbound_state, s.reason, now() - n * interval '10 minutes' - interval '1 minute', now(), 'anna@example.com', '${SUBJECT}'
   FROM mailboxes b, generate_series(1, 70) n, LATERAL (SELECT CASE WHEN n = 1 THEN 'received' WHEN n < 8 THEN 'quarantined' WHEN n % 9 = 0 THEN 'suppressed' ELSE 'ticketed' END AS state,
     CASE WHEN n = 1 THEN NULL WHEN n < 8 THEN 'rule/hold' ELSE 'thread/none' END AS reason) s WHERE b.name = 'box-1'`,
  `INSERT INTO alerts (code, subject, detail, began_at, seen_at, ended_at, due_at) VALUES
   ('credentials/end-soon', 'box-2 client-secret', '{"daysLeft": 9}', now() - interval '2 hours', now(), NULL, now()),
   ('outbox/failing', '', '{"failed": 2}', now() - interval '3 hours', now(), now() - interval '1 hour', now())`,
  `INSERT INTO outbox (event_id, target, state, reason, mailbox_id, recipient, recipient_sha256, attempts)
   SELECT n, t, 'failed', 'outbound/stale', id, 'crm', '', 8 FROM mailboxes, (VALUES (1, 'webhook:crm'), (2, 'acknowledgement')) AS v(n, t) WHERE name = 'box-1'`,
]

let at: string
let store: Store
let browser: Browser
let operator: Visit
let query: (text: string) => Promise<unknown>
const closers: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const url = await createDatabase()
  store = openStore(url)
  const client = new Client({ connectionString: url })
  await client.connect()
  query = (text) => client.query(text)
  for (const row of ROWS) await query(row)
  const parsePool = createParsePool({ threads: 1 })
  const nothing = async () => undefined
  const asking = { queue: null, wake: nothing, requestPoll: nothing, now: () => new Date() }
  const tokens = { operator: OPERATOR_TOKEN, auditor: AUDITOR_TOKEN }
  const console = await startConsole(
    { store, mailboxes: [], tokens, parsePool, ...asking },
    { host: '127.0.0.1', port: 0 },
  )
  at = `http://127.0.0.1:${console.port}`
  browser = await launch()
  operator = await visit(browser, at, { token: OPERATOR_TOKEN, viewport: { width: 1280, height: 800 } })
  closers.push(
    () => browser.close(),
    () => console.close(),
    () => parsePool.close(),
    () => store.close(),
    () => client.end(),
  )
}, 300_000)

afterAll(async () => {
  for (const close of closers) await close()
})

describe('the overview', () => {
  const looks = [
    { name: 'light', colorScheme: 'light', viewport: { width: 1024, height: 800 } },
    { name: 'dark and narrow', colorScheme: 'dark', viewport: { width: 320, height: 700 } },
  ] as const
  test.each(looks)('of many mailboxes has no fault that axe-core knows, and fits its window: $name', async (look) => {
    const { page, alarms, dispose } = await visit(browser, at, { token: OPERATOR_TOKEN, ...look })
    for (const address of ['/', '/outbox']) {
      await page.goto(at + address)
      expect([address, await violationsOf(page), await overflowOf(page)]).toEqual([address, [], 0])
    }
    expect(alarms).toEqual([])
    await dispose()
  })

  test('tells what lasts with what to do, what is noted nowhere yet, and, folded, what is over', async () => {
    const { page } = operator
    await page.goto(at)
    const alerts = page.getByRole('region', { name: 'Alerts' })
    expect(await alerts.locator('> ul > li').allTextContents()).toEqual([
      expect.stringMatching(/box-7 is paused.*credentials-refused.*What to do: .*mailchute mailbox test box-7/s),
      expect.stringMatching(
        /box-2 has credentials that end within two weeks \(client-secret\).*9 days left, since \d+ (?:h|min) ago/s,
      ),
    ])
    expect(await alerts.getByText('cannot be sent').isVisible()).toBe(false)
    await alerts.getByText('Over lately: 1').click()
    expect(await alerts.getByText('cannot be sent').textContent()).toContain('for 2 h, over since 6')
  })

  test('has each mailbox, those in trouble first: what is left on its server, what waits, and its day as a chart', async () => {
    const { page } = operator
    await page.goto(at)
    const rows = page.getByRole('region', { name: 'Mailboxes' }).locator('tbody tr')
    expect(await rows.count()).toBe(MANY)
    const first = (await rows.allTextContents()).slice(0, 3)
    expect(first).toEqual(['box-7', 'box-9', 'box-8'].map((name) => expect.stringContaining(name)))
    expect(first[1]).toMatch(/failing.*never.*12 to fetch.*oldest 3 h ago/s)
    const busy = page.locator('tr[data-key="box-1"]')
    expect(await busy.textContent()).toMatch(
      /oldest \d+ min ago.*56 ticketed, .*7 no ticket.*1 waiting.*6 for a person/s,
    )
    expect(await busy.getByRole('img').getAttribute('aria-label')).toBe('70 in the last 24 hours, at most 6 in an hour')
  })
})

describe('what operators do', () => {
  const detail = async (id: string) => (await store.messages.find(id))?.events.at(-1)?.detail

  test('to what is held is to release it, or to have it judged again: only the first lets it through', async () => {
    const { page } = operator
    const [judged, released] = await store.browse.messages({ state: 'quarantined' }, null, 2)
    if (judged === undefined || released === undefined) throw new Error('nothing is held')
    for (const [{ id }, button] of [
      [judged, 'Judge again'],
      [released, 'Release'],
    ] as const) {
      await page.goto(`${at}/messages/${id}`)
      await page.getByRole('button', { name: button }).click()
      expect(await page.getByRole('status').isVisible()).toBe(true)
    }
    expect(await detail(judged.id)).toMatchObject({ heldFor: 'rule/hold', actor: 'token:operator' })
    expect(await detail(released.id)).toMatchObject({ reason: 'rule/hold', actor: 'token:operator' })
    expect(await store.messages.wasReleased(judged.id, 'rule/hold')).toBe(false)
    expect(await store.messages.wasReleased(released.id, 'rule/hold')).toBe(true)
  })

  test('to the outbox is to send again what a webhook was told, and nothing else', async () => {
    const { page } = operator
    await page.goto(`${at}/outbox`)
    expect(await page.getByRole('button', { name: 'Send again' }).count()).toBe(1)
    await page.getByRole('button', { name: 'Send again' }).click()
    expect(await page.getByRole('status').textContent()).toBe('It is sent again.')
    const rows = await store.browse.outbox({}, null, 10)
    expect(rows.map(({ target, state }) => `${target} ${state}`).sort()).toEqual([
      'acknowledgement failed',
      'webhook:crm waiting',
    ])
  })
})

describe('news', () => {
  const newest = (page: Page) => page.locator('tbody tr').first().textContent()
  const arrive = async (subject: string) => {
    await query(`INSERT INTO raw_messages (sha256, size_bytes) VALUES ('${subject}', 1)`)
    await query(`WITH m AS (INSERT INTO inbound_messages (mailbox_id, sha256, unique_id, state, reason, subject)
      SELECT id, '${subject}', '${subject}', 'quarantined', 'rule/hold', '${subject}' FROM mailboxes WHERE name = 'box-1' RETURNING id, mailbox_id)
      INSERT INTO inbound_events (inbound_message_id, mailbox_id, code) SELECT id, mailbox_id, 'work/quarantined' FROM m`)
  }

  test('come without taking focus, marks or the note away', async () => {
    const { page } = operator
    await page.goto(`${at}/quarantine`)
    const [, second] = await page.locator('tbody input').all()
    await second?.check()
    const key = await page.locator('tr:has(input:checked)').getAttribute('data-key')
    await page.getByLabel('Note').fill('half a no')
    await page.locator(`tr[data-key="${key}"] a`).first().focus()
    await arrive('first-news')
    await expect.poll(() => newest(page), { timeout: 100_000 }).toContain('first-news')
    expect(await page.locator('tr:has(input:checked)').getAttribute('data-key')).toBe(key)
    expect(await page.locator(`tr[data-key="${key}"] a:focus`).count()).toBe(1)
    expect(await page.getByLabel('Note').inputValue()).toBe('half a no')
  })

  test('come without folding, scrolling, or losing what is selected', async () => {
    const { page } = operator
    await page.goto(at)
    await page.getByText('Over lately: 1').click()
    const place = await page.evaluate<number>(`(() => {
      getSelection().selectAllChildren(document.querySelector('tr[data-key="box-12"] strong'))
      scrollTo(0, 400)
      return scrollY
    })()`)
    await arrive('second-news')
    await expect
      .poll(() => page.locator('li[data-key="Last 24 hours"] .figure').textContent(), { timeout: 100_000 })
      .toBe('72')
    expect(await page.evaluate('[scrollY, String(getSelection())]')).toEqual([place, 'box-12'])
    expect(await page.locator('details[open]').count()).toBe(1)
  })
})
