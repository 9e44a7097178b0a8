/** Looks for secrets where none may be (I9). */
import { Client } from 'pg'

/** Where in the database one of them stands in clear: text, JSON and octets of every table. */
export async function leaksInDatabase(databaseUrl: string, secrets: Iterable<string>): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    )
    const found: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM ${name}`)
      const text = rows.map((row) => Object.values(row).map(textOf).join('\n')).join('\n')
      found.push(...leaksIn(text, secrets).map((secret) => `${name}: ${secret}`))
    }
    return found
  } finally {
    await client.end()
  }
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A secret may be told back as it is, encoded, or in part. */
export function leaksIn(text: string, secrets: Iterable<string>): string[] {
  const forms = (secret: string) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ...(secret.length > 40 ? [secret.slice(-30)] : []),
  ]
  return [...secrets].filter((secret) => forms(secret).some((form) => text.includes(form)))
}
