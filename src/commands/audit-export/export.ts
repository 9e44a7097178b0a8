/** `mailchute audit export`: a signed bundle that can be checked without Mailchute. Exit code 65 if the log is broken. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { exportKeyOf, sealKeysOf } from '../../audit/keys.ts'
import type { Config } from '../../config.ts'
import { asMailchuteError, MailchuteError } from '../../errors.ts'
import type { Selection } from '../../store/extracts.ts'
import type { Store } from '../../store/store.ts'
import { type Verified, verifyChain } from '../../upkeep/verify-chain.ts'
import { openApp } from '../app.ts'
import { assertInOrder, endOf, instantOf } from '../instant.ts'
import { knownMailbox } from '../known-mailbox.ts'
import { auditSecretsOf, sealAtEnd } from '../seal-duty.ts'
import { bytes, counted, print, printError } from '../terminal.ts'
import { type Bundle, type BundleFile, createBundle, PRIVATE_FOLDER, publicKeyOf } from './bundle.ts'
import { eventLines, extentOf, messageLines, rawDigests, sealLines } from './selection.ts'
import { writeTar } from './tar.ts'

export interface ExportCommand {
  /** A folder, or a file that ends in .tar; must not be there yet. */
  readonly out?: string
  readonly from?: string
  readonly to?: string
  readonly mailbox?: string
  /** The octets of the messages, too. */
  readonly raw: boolean
}

/** Found alike from src/commands/audit-export and from dist/commands/audit-export. */
const VERIFIER = path.resolve(import.meta.dirname, '..', '..', '..', 'docs', 'verify-audit.mjs')

/** Resolves with the exit code. */
export async function auditExport(config: Config, options: ExportCommand, signal: AbortSignal): Promise<number> {
  const now = new Date()
  const out = path.resolve(options.out ?? `mailchute-audit-${now.toISOString().slice(0, 19).replaceAll(':', '')}`)
  const times = { from: instantOf('--from', options.from), to: endOf('--to', options.to) }
  assertInOrder(times.from, times.to, ['--from', '--to'])
  assertFree(out)
  await using app = await openApp(config)
  const { mailbox } = options
  const mailboxId = mailbox === undefined ? null : (await knownMailbox(app, mailbox)).id
  const selection = { ...times, mailboxId }
  await sealAtEnd(app, signal)
  const secrets = await auditSecretsOf(config)
  const verified = await verifyChain(app.store.audit, sealKeysOf(secrets))
  const key = secrets[0] === undefined ? null : exportKeyOf(secrets[0])
  const write = async (folder: string) => {
    const bundle = createBundle(folder, signal)
    const damaged = await fill(app.store, bundle, selection, options.raw)
    const about = { ...aboutOf(verified, damaged, now), ...selection, mailbox: mailbox ?? null }
    return { files: await bundle.finish(about, key), damaged }
  }
  const { files, damaged } = await inPlace(out, async (folder) => {
    const written = await write(path.join(folder, 'bundle'))
    if (out.endsWith('.tar'))
      await writeTar(path.join(folder, 'tar'), path.join(folder, 'bundle'), written.files, now, signal)
    return written
  })
  print(toldOf(out, files, verified))
  print(key === null ? 'not signed: there is no MAILCHUTE_SECRET_KEY\n' : `signed; public key ${publicKeyOf(key)}\n`)
  return faultOf(verified, damaged)
}

type Written = { readonly files: readonly BundleFile[]; readonly damaged: readonly string[] }
function assertFree(out: string): void {
  if (!existsSync(out)) return
  throw new MailchuteError('usage/invalid', `${out} is there already`, { hint: 'name another place with --out' })
}

/** Beside its place, for what is temporary elsewhere may be small; and moved there as a whole, or not at all. */
async function inPlace(out: string, write: (folder: string) => Promise<Written>): Promise<Written> {
  await mkdir(path.dirname(out), { recursive: true })
  const folder = await mkdtemp(`${out}.`)
  try {
    await mkdir(path.join(folder, 'bundle'), { mode: PRIVATE_FOLDER })
    const written = await write(folder)
    assertFree(out)
    await rename(path.join(folder, out.endsWith('.tar') ? 'tar' : 'bundle'), out)
    return written
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Returns the digests of octets that are not what was stored; they are in the bundle as they are. */
export async function fill(
  store: Store,
  bundle: Pick<Bundle, 'add'>,
  selection: Selection,
  withRaw: boolean,
): Promise<readonly string[]> {
  const damaged: string[] = []
  const extent = await extentOf(store, selection)
  await bundle.add('seals.ndjson', sealLines(store, extent))
  await bundle.add('events.ndjson', eventLines(store, extent, selection))
  await bundle.add('messages.ndjson', messageLines(store, selection))
  await bundle.add('balance.json', [`${JSON.stringify(await store.balance(), null, 2)}\n`])
  await bundle.add('verify.mjs', [await readFile(VERIFIER)])
  if (!withRaw) return damaged
  for await (const sha256 of rawDigests(store, selection)) {
    const octets = asStored(store.raw.octets(sha256), () => damaged.push(sha256))
    await bundle.add(`raw/${sha256}.eml`, octets).catch(unlessPurged)
  }
  return damaged
}

async function* asStored(octets: AsyncIterable<Buffer>, onDamage: () => void): AsyncGenerator<Buffer> {
  try {
    yield* octets
  } catch (thrown) {
    if (asMailchuteError(thrown).code !== 'store/raw-damaged') throw thrown
    onDamage()
  }
}

/** Since the list was read, perhaps in the middle of reading it. */
function unlessPurged(thrown: unknown): void {
  if (asMailchuteError(thrown).code !== 'store/purged') throw thrown
}

function aboutOf({ seals, events, proofs, head, unsealed, finding }: Verified, damaged: readonly string[], now: Date) {
  return {
    format: 'mailchute-audit-1',
    createdAt: now.toISOString(),
    chain: { seals, events, proofs, unsealedEvents: unsealed.events, head: head?.digest ?? null, finding },
    damaged,
  }
}

function toldOf(out: string, files: readonly BundleFile[], { head }: Verified): string {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  const where = `${out}: ${counted(files.length, 'file')}, ${bytes(sizeBytes)}\n`
  return `${where}head ${head === null ? 'none: nothing was sealed yet' : `${head.digest} (seal ${head.number})`}\n`
}

function faultOf({ finding }: Verified, damaged: readonly string[]): number {
  const errors = [
    ...(finding === null ? [] : [new MailchuteError('audit/broken', finding.message)]),
    ...(damaged.length === 0
      ? []
      : [new MailchuteError('store/raw-damaged', `${counted(damaged.length, 'raw message')} no longer as stored`)]),
  ]
  for (const error of errors) printError(error)
  return errors[0]?.exitCode ?? 0
}
