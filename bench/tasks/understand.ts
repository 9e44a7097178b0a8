import { execFileSync } from 'node:child_process'
import { simpleParser } from 'mailparser'
import { understand } from '../../src/message/understand.ts'
import { mixedMails } from '../support/mixed-mails.ts'

export interface UnderstandInput {
  readonly by: keyof typeof PARSERS
  readonly mails: number
}

export interface UnderstandResult {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly averageBytes: number
  /** The one core that all threads of this process were bound to; null: there is no `taskset` here. */
  readonly core: number | null
}

const BARE = { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true, skipImageLinks: true }
const PARSERS = {
  mailchute: (octets: Buffer) => understand(streamed(octets)),
  mailparser: (octets: Buffer) => simpleParser(octets),
  'mailparser bare': (octets: Buffer) => simpleParser(octets, BARE),
}

const WARM_UP_MAILS = 300

/** One mail after the other, in this one thread; mails are made, and everything is warm, before the clock starts. */
export async function understandAll({ by, mails }: UnderstandInput): Promise<UnderstandResult> {
  const core = boundToCore()
  const all = mixedMails(mails)
  const parse = PARSERS[by]
  for (const octets of all.slice(0, WARM_UP_MAILS)) await parse(octets)
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  for (const octets of all) await parse(octets)
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  const octets = all.reduce((sum, { length }) => sum + length, 0)
  return { seconds, cpuSeconds: (user + system) / 1e6, averageBytes: Math.round(octets / mails), core }
}

/** The pieces that octets come in from the store. */
const CHUNK_OCTETS = 256 * 1024

async function* streamed(octets: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += CHUNK_OCTETS) yield octets.subarray(at, at + CHUNK_OCTETS)
}

/** The last of those that this process may use, for what collects garbage, too. */
function boundToCore(): number | null {
  try {
    const allowed = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
    const core = Number(/(\d+)\s*$/.exec(allowed)?.[1])
    execFileSync('taskset', ['-acp', String(core), String(process.pid)], { stdio: 'ignore' })
    return core
  } catch {
    return null
  }
}
