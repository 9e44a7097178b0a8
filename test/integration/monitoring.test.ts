import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import fastify from 'fastify'
import { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { addHealth } from '../../src/console/health.ts'
import { metricsOf } from '../../src/console/metrics.ts'
import { openStore } from '../../src/store/store.ts'
import { ALERTS } from '../../src/upkeep/alerts.ts'
import { hold } from '../support/holding.ts'
import { createDatabase } from '../support/postgres.ts'
import { metricNames, samplesOf } from '../support/prometheus.ts'

const queue = {
  check: async () => undefined,
  depth: async () => [{ queue: 'inbound', state: 'waiting', jobs: 3 }],
}

let text = ''
let names: readonly string[] = []
beforeAll(async () => {
  const store = openStore(await createDatabase())
  text = await metricsOf({ store, mailboxes: [], queue, now: () => new Date() })
  names = metricNames(text)
  await store.close()
})

const read = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')

/** Every name in an expression that looks like a metric: before a selector, a range, or by itself. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '""').replaceAll(/\b(by|on|without)\s*\([^)]*\)/g, '')
  return [...bare.matchAll(/\b(?:mailchute|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name)
}

/** What it prints, or SUCCESS where there is none; rejects with what it finds wrong. */
async function promtool(args: readonly string[], input = ''): Promise<string> {
  const running = promisify(execFile)('promtool', args)
  running.child.stdin?.on('error', () => undefined).end(input)
  const ran = await running.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return { stdout: 'SUCCESS' }
    throw error
  })
  return ran.stdout
}

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Mailchute[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[mh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string() }),
        }),
      ),
    }),
  ),
})

/** The variable that whoever imports it sets. */
const DATASOURCE = `$\{datasource}`

const dashboardSchema = z.object({
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), definition: z.string().optional() })),
  }),
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.string(),
      datasource: z.object({ uid: z.literal(DATASOURCE) }).optional(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z
        .array(z.object({ expr: z.string(), datasource: z.object({ uid: z.literal(DATASOURCE) }) }))
        .default([]),
    }),
  ),
})

describe('what deploy/ asks Prometheus for', () => {
  test('the dashboard draws metrics that there are, each of ours at least once', async () => {
    const { panels, templating } = dashboardSchema.parse(JSON.parse(await read('deploy/grafana-dashboard.json')))
    const asked = [
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...templating.list.map(({ definition = '' }) => definition),
    ].flatMap(metricsIn)
    expect(asked.filter((name) => !names.includes(name))).toEqual([])
    expect(names.filter((name) => name.startsWith('mailchute_') && !asked.includes(name))).toEqual([])
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' })
  })

  test('no two panels of the dashboard lie upon each other', async () => {
    const { panels } = dashboardSchema.parse(JSON.parse(await read('deploy/grafana-dashboard.json')))
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, each) => `${x + (each % w)},${y + Math.floor(each / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
  })

  test('the rules alert on metrics that there are', async () => {
    const { groups } = rulesSchema.parse(parse(await read('deploy/prometheus-rules.yaml')))
    const rules = groups.flatMap((group) => group.rules)
    expect(rules.flatMap(({ expr }) => metricsIn(expr)).filter((name) => !names.includes(name))).toEqual([])
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    expect(rules.length).toBeGreaterThan(Object.keys(ALERTS).length)
  })

  test('promtool, where there is one, finds no fault with rules and metrics', async () => {
    expect(await promtool(['check', 'rules', 'deploy/prometheus-rules.yaml'])).toContain('SUCCESS')
    expect(await promtool(['test', 'rules', 'deploy/prometheus-rules.test.yaml'])).toContain('SUCCESS')
    // The names of what every program on Node tells are not ours.
    const ours = text.replaceAll(/^(?:# (?:HELP|TYPE) )?(?:nodejs|process)_.*\n/gm, '')
    await promtool(['check', 'metrics'], ours)
  })
})

describe('docs/operate.md', () => {
  test('explains every metric of ours, and no other', async () => {
    const rows = (await read('docs/operate.md')).matchAll(/^\| `(mailchute_[a-z_]+)(?:\{[a-z,]+\})?` \|/gm)
    const explained = [...rows].map(([, name = '']) => name)
    expect(explained.toSorted()).toEqual(names.filter((name) => name.startsWith('mailchute_')).toSorted())
  })

  test('lists every alert, and no other', async () => {
    const rows = (await read('docs/operate.md')).matchAll(/^\| `([a-z]+\/[a-z-]+)` \| /gm)
    const listed = [...rows].map(([, code = '']) => code).filter((code) => !code.startsWith('oauth/'))
    expect(listed).toEqual(Object.keys(ALERTS))
  })
})

test('however many ask for metrics at once, the database is asked once', async () => {
  const store = openStore(await createDatabase())
  let asked = 0
  const figures = () => {
    asked += 1
    return store.figures()
  }
  const server = fastify()
  addHealth(server, { store: { ...store, figures }, mailboxes: [], queue, now: () => new Date() })
  const answers = await Promise.all(Array.from({ length: 10 }, () => server.inject('/metrics')))
  expect([
    asked,
    answers.every(({ statusCode, body }) => statusCode === 200 && body.includes('mailchute_queue_up 1')),
  ]).toEqual([1, true])
  await server.inject('/metrics')
  expect(asked).toBe(2)
  await server.close()
  await store.close()
})

test('what is looked at again and again reads what is open, not all that is kept on a server or was sent', async () => {
  const url = await createDatabase()
  const store = openStore(url)
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`INSERT INTO mailboxes (name, url) VALUES ('big', 'pop3://a@127.0.0.1')`)
  await client.query(`INSERT INTO remote_messages (mailbox_id, unique_id, size_bytes, stored_at)
    SELECT id, g, 1, now() FROM mailboxes, generate_series(1, 5000) AS g`)
  await client.query(`INSERT INTO outbox (event_id, target, mailbox_id, recipient, recipient_sha256, state)
    SELECT g, 'webhook:dead', id, 'dead', '', (CASE WHEN g < 9000 THEN 'sent' ELSE 'waiting' END)::outbox_state FROM mailboxes, generate_series(1, 10000) AS g`)
  await client.query('VACUUM ANALYZE remote_messages, outbox')
  const scanned = () =>
    client.query(
      `SELECT indexrelname AS name FROM pg_stat_user_indexes WHERE idx_scan > 0 AND indexrelname = ANY($1) ORDER BY 1`,
      [OPEN],
    )
  const unused = async () => OPEN.length - (await scanned()).rows.length
  for (let looks = 0; looks < 400 && (await unused()) > 0; looks++) {
    await Promise.all([store.monitor.mailboxes(), store.figures(), store.outbox.dueMailboxes()])
    expect(await store.webhooks.due(['dead', 'other'])).toEqual(['dead'])
    await client.query('SELECT pg_sleep(0.02)')
  }
  expect((await scanned()).rows.map(({ name }) => name)).toEqual(OPEN)
  await client.end()
  await store.close()
})

const OPEN = [
  'outbox_acknowledgements_due_idx',
  'outbox_open_idx',
  'outbox_webhooks_due_idx',
  'remote_messages_backlog_idx',
]

test('the queue is told of, and that it is away does not hide the rest', async () => {
  expect(samplesOf(text).get('mailchute_queue_jobs{queue="inbound",state="waiting"}')).toBe(3)
  const store = openStore(await createDatabase())
  const away = { ...queue, depth: () => Promise.reject(new Error('away')) }
  const samples = samplesOf(await metricsOf({ store, mailboxes: [], queue: away, now: () => new Date() }))
  await store.close()
  expect([samples.get('mailchute_queue_up'), samples.get('mailchute_messages_waiting')]).toEqual([0, 0])
})

test('whoever asks again and again whether the database answers leaves nothing behind there that waits', async () => {
  const databaseUrl = await createDatabase()
  const store = openStore(databaseUrl)
  await using holding = await hold(databaseUrl, 'LOCK TABLE mailboxes IN ACCESS EXCLUSIVE MODE')
  const asked = [store.ping(), store.ping(), store.ping()]
  await holding.untilBlocked(3)
  expect(await Promise.allSettled(asked)).toMatchObject(
    asked.map(() => ({ status: 'rejected', reason: { code: 'store/unavailable' } })),
  )
  await expect.poll(() => holding.blocked(), { timeout: 60_000 }).toBe(0)
  await holding.commit()
  await store.ping()
  await store.close()
})
