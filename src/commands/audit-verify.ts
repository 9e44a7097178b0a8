/** `mailchute audit verify`: is every event still as it was sealed? Exit code 65 if not. */
import pLimit from 'p-limit'
import type { Config } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { type Verified, verifyChain } from '../upkeep/verify-chain.ts'
import { type App, openApp } from './app.ts'
import { auditKeysOf } from './seal-duty.ts'
import { ago, colours, counted, print, printError, printJson, progressLine } from './terminal.ts'

export interface VerifyCommand {
  /** Digests that were noted elsewhere. */
  readonly head: readonly string[]
  /** The octets of every message, too. */
  readonly raw: boolean
  readonly json: boolean
}

/** Resolves with the exit code. */
export async function auditVerify(config: Config, options: VerifyCommand): Promise<number> {
  const heads = options.head.map(assertDigest)
  await using app = await openApp(config)
  const line = progressLine()
  const onProgress = (events: number) => line.show(`${events} events ...`)
  const verified = await verifyChain(app.store.audit, await auditKeysOf(config), { heads, onProgress }).finally(() =>
    line.clear(),
  )
  const raw = options.raw ? await verifyRaw(app) : null
  if (options.json) printJson({ ...plain(verified), raw })
  else print(`${text(verified, new Date())}${raw === null ? '' : rawText(raw)}`)
  const errors = faultsOf(verified, raw)
  for (const error of errors) printError(error)
  return errors[0]?.exitCode ?? 0
}

function assertDigest(digest: string): string {
  if (/^[0-9a-f]{64}$/i.test(digest)) return digest
  throw new MailchuteError('usage/invalid', '--head takes a digest: 64 hexadecimal digits')
}

interface RawReport {
  readonly messages: number
  readonly damaged: readonly string[]
  /** Whose octets were removed. */
  readonly purged: number
  /** Said to be removed, and still there. */
  readonly notGone: readonly string[]
}

const MESSAGES_A_READ = 500
const STREAMS = 4

/** Stored octets against their digests, one after the other, in constant memory. */
async function verifyRaw({ store }: App): Promise<RawReport> {
  const line = progressLine()
  const damaged: string[] = []
  let messages = 0
  for (let after = '', more = true; more; ) {
    const page = await store.audit.rawDigests(after, MESSAGES_A_READ)
    await pLimit(STREAMS).map(page, async (sha256) => {
      if (!(await isWhole(store.raw.octets(sha256)))) damaged.push(sha256)
    })
    messages += page.length
    after = page.at(-1) ?? after
    more = page.length === MESSAGES_A_READ
    line.show(`${messages} raw messages ...`)
  }
  line.clear()
  const { messages: purged, notGone } = await store.audit.purged()
  return { messages, damaged: damaged.toSorted(), purged, notGone }
}

async function isWhole(octets: AsyncIterable<Buffer>): Promise<boolean> {
  try {
    for await (const _ of octets);
    return true
  } catch (thrown) {
    const { code } = asMailchuteError(thrown)
    // Purged since the list was read.
    if (code === 'store/purged') return true
    if (code === 'store/raw-damaged') return false
    throw thrown
  }
}

function plain({ seals, events, proofs, head, unsealed, heads, finding }: Verified) {
  return {
    ok: finding === null,
    ...{ seals, events, proofs, unsealed, heads, finding },
    head: head === null ? null : { seal: head.number, digest: head.digest, at: head.at },
  }
}

function text({ seals, events, proofs, head, unsealed, heads, finding }: Verified, now: Date): string {
  const verdict = finding === null ? colours.green('unbroken') : colours.red(`broken: ${finding.message}`)
  const waits =
    unsealed.events === 0 ? 'nothing' : `${counted(unsealed.events, 'event')}, since ${ago(unsealed.oldestAt, now)}`
  return lines([
    ['chain', `${counted(events, 'event')} in ${counted(seals, 'seal')}, ${verdict}`],
    ['key', keyText(proofs)],
    ['not sealed', waits],
    ...heads.map(({ seal, digest }): [string, string] => [
      'noted head',
      seal === null ? colours.red(`${digest} is in no seal`) : `is seal ${seal}`,
    ]),
    ['head', head === null ? 'nothing was sealed yet' : `${head.digest} (seal ${head.number}, ${head.at})`],
  ])
}

function keyText({ proven, unkeyed, unknown }: Verified['proofs']): string {
  const parts = [
    ...(proven > 0 ? [`${counted(proven, 'seal')} proven`] : []),
    ...(unkeyed > 0
      ? [
          colours.yellow(
            `${counted(unkeyed, 'seal')} made without a key: a database administrator could have made them anew`,
          ),
        ]
      : []),
    ...(unknown > 0
      ? [colours.yellow(`${counted(unknown, 'seal')} made with a key that is not set here: not proven`)]
      : []),
  ]
  return parts.length === 0 ? 'nothing to prove' : parts.join(', ')
}

function rawText({ messages, damaged, purged, notGone }: RawReport): string {
  const verdict =
    damaged.length === 0
      ? colours.green('all as stored')
      : colours.red(`${damaged.length} damaged: ${damaged.slice(0, 3).join(', ')}`)
  const gone = notGone.length === 0 ? '' : colours.red(`, ${notGone.length} of them still there: ${notGone[0]}`)
  return lines([
    ['raw', `${counted(messages, 'message')}, ${verdict}`],
    ...(purged === 0 ? [] : [['purged', `${counted(purged, 'message')}${gone}`] as const]),
  ])
}

const LABEL_WIDTH = 12

const lines = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([label, said]) => `${colours.bold(label.padEnd(LABEL_WIDTH))}${said}\n`).join('')

function faultsOf({ finding }: Verified, raw: RawReport | null): MailchuteError[] {
  return [
    ...(finding === null ? [] : [new MailchuteError('audit/broken', finding.message)]),
    ...(raw === null || raw.notGone.length === 0
      ? []
      : [new MailchuteError('audit/unbalanced', `${counted(raw.notGone.length, 'purged raw message')} still there`)]),
    ...(raw === null || raw.damaged.length === 0
      ? []
      : [new MailchuteError('store/raw-damaged', `${counted(raw.damaged.length, 'raw message')} no longer as stored`)]),
  ]
}
