/** Whether words are left anywhere: in any table of any schema, decoded, and in Redis. */
import { Redis } from 'ioredis'

type Query = <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>

/** `table.column: word` for each place in which one of the words stands, whatever its case. */
export async function tracesInDatabase(query: Query, words: readonly string[]): Promise<string[]> {
  const tables = await query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    for (const row of await query<Record<string, unknown>>(`SELECT * FROM ${name}`)) {
      for (const [column, value] of Object.entries(row)) {
        found.push(...wordsIn(textOf(value), words).map((word) => `${name}.${column}: ${word}`))
      }
    }
  }
  return [...new Set(found)]
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return decoded(value)
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

/** As it is, and what it has in base64 and in quoted-printable. */
function decoded(octets: Buffer): string {
  const text = octets.toString('utf8')
  const base64 = [...text.matchAll(/[A-Za-z0-9+/=\r\n]{24,}/g)].map(([run]) => Buffer.from(run, 'base64').toString())
  const quoted = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
  return [text, quoted, ...base64].join('\n')
}

const wordsIn = (text: string, words: readonly string[]): string[] =>
  words.filter((word) => text.toLowerCase().includes(word.toLowerCase()))

export async function tracesInRedis(url: string, words: readonly string[]): Promise<string[]> {
  const redis = new Redis(url)
  try {
    const found: string[] = []
    for (const key of await redis.keys('*')) {
      const dumped = (await redis.dumpBuffer(key))?.toString('latin1') ?? ''
      const value = await contentOf(redis, key)
      found.push(...wordsIn(`${key}\n${dumped}\n${value}`, words).map((word) => `${key}: ${word}`))
    }
    return found
  } finally {
    redis.disconnect()
  }
}

async function contentOf(redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key)
  if (type === 'hash') return JSON.stringify(await redis.hgetall(key))
  if (type === 'string') return (await redis.get(key)) ?? ''
  if (type === 'list') return JSON.stringify(await redis.lrange(key, 0, -1))
  if (type === 'zset') return JSON.stringify(await redis.zrange(key, '0', '-1'))
  if (type === 'stream') return JSON.stringify(await redis.xrange(key, '-', '+'))
  return JSON.stringify(type === 'set' ? await redis.smembers(key) : '')
}
