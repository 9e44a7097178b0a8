import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { DEFAULT_POLICY } from '../config/policy.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import type { Authenticity } from '../message/authenticity/authenticity.ts'
import { sanitise } from '../message/html/sanitise.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import { type Authenticator, type Believed, createAuthenticator } from '../ticketing/authenticity/authenticate.ts'
import { createDns } from '../ticketing/authenticity/dns.ts'
import { createParsePool, type ParsePool } from '../ticketing/parse-pool.ts'
import type { ExplainRuling, Ruled } from './explain-ruling.ts'
import { summary } from './explain-summary.ts'

export interface ExplainOptions {
  /** One JSON object a line; otherwise a summary for people. */
  readonly json: boolean
  /** The octets of attachments in base64; with `json` only. */
  readonly content: boolean
  /** What the rules say of it; null: nothing tells. */
  readonly ruling?: ExplainRuling | null
  /** Ask the DNS who vouches for them. */
  readonly dns?: boolean
  /** Whose Authentication-Results are believed, and whose Received fields. */
  readonly believed?: Believed
}

export interface ExplainIo {
  readonly stdout: Writable
  readonly stderr: Writable
  readonly stdin: Readable
}

/** What is known of each file, readable or not. */
export interface Explained {
  readonly file: string
  readonly sha256: string | null
  readonly sizeBytes: number | null
  readonly error: { readonly code: string; readonly message: string } | null
  /** null where there is an error. */
  readonly message: ParsedMessage | null
  /** What becomes of it by the rules; null where there are none. */
  readonly ruled: Ruled | null
  readonly authenticity?: Authenticity
}

const EX_OK = 0
const EX_DATAERR = 65
const STDIN = '-'

/**
 * Tells what would become of these mails; without files (or for `-`) of the one on standard input. Needs no database,
 * changes nothing. Each file gets its answer, in order; resolves with the exit code: 65 when any could not be read or
 * parsed.
 */
export async function explain(files: string[], options: ExplainOptions, io: ExplainIo): Promise<number> {
  const pool = createParsePool()
  const authenticator = createAuthenticator(options.dns ? createDns() : null, { withoutDns: 'authenticity/not-asked' })
  const judges: Judges = { pool, authenticator }
  let exitCode = EX_OK
  try {
    const print = options.json ? json : summary
    for await (const explained of inOrder(files.length === 0 ? [STDIN] : files, judges, options, io)) {
      await write(io.stdout, `${print(explained)}\n`)
      if (explained.error) {
        exitCode = EX_DATAERR
        await write(io.stderr, `${explained.file}: ${explained.error.message} (${explained.error.code})\n`)
      }
    }
  } finally {
    await Promise.all([pool.close(), authenticator.close()])
  }
  return exitCode
}

/** A few are parsed ahead, so that each thread has work. */
const AHEAD = 8

interface Judges {
  readonly pool: ParsePool
  readonly authenticator: Authenticator
}

async function* inOrder(files: string[], judges: Judges, options: ExplainOptions, io: ExplainIo) {
  const ahead: Promise<Explained>[] = []
  for (const file of files) {
    ahead.push(explainFile(file, judges, options, io.stdin))
    const first = ahead.length >= AHEAD ? ahead.shift() : undefined
    if (first) yield await first
  }
  for (const rest of ahead) yield await rest
}

async function explainFile(file: string, judges: Judges, options: ExplainOptions, stdin: Readable): Promise<Explained> {
  try {
    return await explainOctets(file, await (file === STDIN ? fromStdin(stdin) : fromFile(file)), judges, options)
  } catch (thrown) {
    const message = `cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`
    return {
      file,
      sha256: null,
      sizeBytes: null,
      message: null,
      ruled: null,
      error: { code: 'message/unreadable', message },
    }
  }
}

interface Source {
  readonly sizeBytes: number
  readonly octets: () => AsyncIterable<Buffer>
}

async function fromFile(file: string): Promise<Source> {
  const stats = await stat(file)
  if (!stats.isFile()) throw new MailchuteError('message/unreadable', 'not a file')
  return { sizeBytes: stats.size, octets: () => createReadStream(file) }
}

async function fromStdin(stdin: Readable): Promise<Source> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  const sizeBytes = chunks.reduce((sum, { length }) => sum + length, 0)
  return { sizeBytes, octets: () => chunksOf(chunks) }
}

async function* chunksOf(chunks: Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}

async function explainOctets(
  file: string,
  source: Source,
  judges: Judges,
  options: ExplainOptions,
): Promise<Explained> {
  const digest = digestOf(source)
  const explained = explainMail(source, judges, options).catch((thrown: unknown) => {
    const { code, message } = asMailchuteError(thrown)
    return { message: null, ruled: null, error: { code, message } }
  })
  return { file, ...(await digest), ...(await explained) }
}

async function explainMail(source: Source, { pool, authenticator }: Judges, options: ExplainOptions) {
  const { signal } = new AbortController()
  const message = await pool.parse({ ...source, content: options.content && options.json }, signal)
  const authenticity = await authenticator.authenticate(
    source,
    options.believed ?? DEFAULT_POLICY,
    message.from,
    signal,
  )
  const ruled = options.ruling?.(message, source.sizeBytes, authenticity) ?? null
  return { message, authenticity, ruled, error: null }
}

/** Read for itself: the parser need not read to the end. */
async function digestOf(source: Source): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of source.octets()) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

function json({ file, sha256, sizeBytes, error, message, ruled, authenticity }: Explained): string {
  if (message === null) return JSON.stringify({ file, sha256, sizeBytes, error })
  const { html, replyHtml, attachments, header: _, reportsOn: __, returnPath: ___, language: ____, ...fields } = message
  return JSON.stringify({
    file,
    sha256,
    sizeBytes,
    ...fields,
    authenticity,
    html: html === null ? null : sanitise(html),
    replyHtml: replyHtml === null ? null : sanitise(replyHtml),
    attachments: attachments.map(({ content, ...about }) => ({
      ...about,
      ...(content ? { content: Buffer.from(content).toString('base64') } : {}),
    })),
    ...(ruled ?? {}),
    error: null,
  })
}

function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve())))
}
