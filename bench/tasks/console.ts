import { startConsole } from '../../src/console/server.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'

const TOKEN = 'bench-0123456789abcdef0123456789abcdef'
const ROUNDS = 20

/** Asks for each page again and again, one request at a time, as a person does. */
export async function browse({ databaseUrl }: { databaseUrl: string }) {
  const store = openStore(databaseUrl)
  const parsePool = createParsePool({ threads: 1 })
  const tokens = { operator: TOKEN, auditor: null }
  const nothing = async () => undefined
  const asking = { queue: null, wake: nothing, requestPoll: nothing, now: () => new Date() }
  const deps = { store, mailboxes: [], tokens, parsePool, ...asking }
  const served = await startConsole(deps, { host: '127.0.0.1', port: 0 })
  const took: { page: string; ms: number }[] = []
  for (const page of await pagesOf(store)) {
    for (let round = 0; round < ROUNDS; round++) took.push({ page, ms: await ask(served.port, page) })
  }
  await served.close()
  await parsePool.close()
  await store.close()
  return { ...summary(took), requests: took.length }
}

async function pagesOf(store: Store): Promise<string[]> {
  const [middle] = await store.browse.messages({ subject: 'invoice refund' }, null, 1)
  const cursor = `${middle?.receivedMicroseconds}_${middle?.id}`
  const [ticketed] = await store.browse.messages({ state: 'ticketed' }, null, 1)
  return [
    ...['/', '/messages', `/messages?before=${cursor}`, '/messages?state=quarantined', '/messages?state=received'],
    ...[
      '/messages?reason=rule/hold',
      '/messages?reason=bounce/',
      '/messages?reason=nothing/such',
      '/messages?mailbox=box1',
    ],
    ...[
      '/messages?address=person77@customer77.example',
      '/messages?address=@customer77.example',
      '/messages?address=nobody@',
    ],
    ...[
      '/messages?subject=invoice',
      '/messages?subject=invoice+refund',
      '/messages?subject=nosuchword',
      '/messages?subject=77777',
    ],
    ...[
      '/messages?messageId=m77777@customer.example',
      '/messages?from=2020-01-01&to=2020-02-01',
      '/messages?state=suppressed&mailbox=box2',
    ],
    ...['/messages?state=quarantined&subject=invoice', `/messages/${ticketed?.id}`],
    // What is frequent, but long ago; what is frequent each, but not together; and deep pages.
    ...['/messages?subject=7', '/messages?address=person7', '/messages?state=ticketed&reason=bounce/report'],
    ...['/messages?state=ticketed&address=@customer8.example', '/messages?mailbox=box1&subject=nosuchword'],
    ...[`/messages?subject=refund&before=${cursor}`, `/messages?address=@customer77.example&before=${cursor}`],
    ...[
      '/tickets',
      '/tickets?status=pending',
      '/tickets?status=merged',
      '/tickets?queue=queue8',
      '/tickets?queue=none',
      '/tickets?mailbox=box1',
    ],
    ...[
      '/tickets?address=person77@customer77.example',
      '/tickets/777',
      '/quarantine',
      '/polls',
      '/polls?end=failed',
      '/polls?mailbox=box2',
    ],
    ...['/outbox', '/outbox?state=failed', '/outbox?state=waiting', '/outbox?mailbox=box1'],
    ...['/tickets?status=pending&queue=queue8', '/api/v1/messages?limit=500', '/api/v1/tickets?limit=500'],
  ]
}

async function ask(port: number, page: string): Promise<number> {
  const startedAt = performance.now()
  const answer = await fetch(`http://127.0.0.1:${port}${page}`, { headers: { authorization: `Bearer ${TOKEN}` } })
  await answer.text()
  if (answer.status !== 200) throw new Error(`${page} was answered with ${answer.status}`)
  return performance.now() - startedAt
}

const p95 = (figures: readonly number[]): number =>
  figures.toSorted((one, other) => one - other)[Math.ceil(figures.length * 0.95) - 1] ?? Number.NaN

const TOLD = 5

function summary(took: readonly { page: string; ms: number }[]) {
  const byPage = Map.groupBy(took, ({ page }) => page)
  const each = [...byPage].map(([page, times]) => ({ page, p95Ms: p95(times.map(({ ms }) => ms)) }))
  const slowest = each.toSorted((one, other) => other.p95Ms - one.p95Ms).slice(0, TOLD)
  return {
    p95Ms: p95(took.map(({ ms }) => ms)),
    slowest: slowest.map(({ page, p95Ms }) => `${page} ${p95Ms.toFixed(0)} ms`),
  }
}
