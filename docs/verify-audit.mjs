/**
 * Checks a bundle of `mailchute audit export`, without Mailchute: node verify.mjs DIRECTORY [--key PUBLIC-KEY]
 *
 * - The manifest is signed (Ed25519), by the key that you were told by another way if you give it.
 * - Each file is the one that the manifest names, and there is no other.
 * - Each seal's digest covers its fields and the digest of the seal before; each seal's events are those it was made for.
 * - Each message has the digest that the event of its storing says, and each raw mail is the one of its name.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const [folder, ...options] = process.argv.slice(2)
if (!folder || (options.length > 0 && options[0] !== '--key')) {
  process.stderr.write('usage: node verify.mjs DIRECTORY [--key PUBLIC-KEY]\n')
  process.exit(64)
}
const file = (name) => path.join(folder, name)
const faults = []
const fault = (text) => faults.length < 20 && faults.push(text)
const told = []
const sha256 = (text, encoding = 'hex') => createHash('sha256').update(text).digest(encoding)
/** Canonical JSON (RFC 8785) of an object without objects in it. */
const canonical = (object) =>
  JSON.stringify(Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))))

try {
  const manifest = JSON.parse(readFileSync(file('manifest.json'), 'utf8'))
  if (manifest.format !== 'mailchute-audit-1') throw new Error('the manifest is of an unknown format')
  checkSignature(manifest, options[1])
  await checkFiles(manifest)
  const stored = await checkChain()
  await checkMessages(stored)
} catch (error) {
  fault(error.message)
}
const verdict = faults.length === 0 ? 'the bundle is whole' : 'the bundle is NOT whole'
process.stdout.write([...told, ...faults.map((text) => `BROKEN: ${text}`), verdict, ''].join('\n'))
process.exitCode = faults.length === 0 ? 0 : 1

function checkSignature({ publicKey }, expected) {
  if (expected && publicKey !== expected) fault('the manifest names another public key than the one given')
  if (!publicKey) return told.push('signature: none, the exporting Mailchute had no key')
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  const signature = Buffer.from(readFileSync(file('manifest.sig'), 'utf8'), 'base64')
  if (!verify(null, readFileSync(file('manifest.json')), key, signature))
    fault('the signature of the manifest is wrong')
  const whose = expected ? 'the key given' : 'a key that the bundle itself names: compare it with the one told to you'
  const isByIt = !expected || publicKey === expected
  told.push(`signature: by ${isByIt ? whose : 'another key than the one given'} (${publicKey})`)
}

async function checkFiles({ files }) {
  const names = new Set(files.map(({ name }) => name))
  const isSafe = (name) => /^(raw\/)?[\w-]+\.\w+$/.test(name)
  for (const { name, sizeBytes, sha256 } of files) {
    if (!isSafe(name) || !existsSync(file(name))) fault(`${name} is missing`)
    else if ((await digest(name)) !== `${sizeBytes} ${sha256}`) fault(`${name} is not the file that the manifest names`)
    if (name.startsWith('raw/') && name !== `raw/${sha256}.eml`) fault(`${name} is not the mail of that digest`)
  }
  const there = [
    ...readdirSync(folder),
    ...(existsSync(file('raw')) ? readdirSync(file('raw')).map((each) => `raw/${each}`) : []),
  ]
  for (const name of there) {
    if (!names.has(name) && !['raw', 'manifest.json', 'manifest.sig'].includes(name))
      fault(`${name} is not in the manifest`)
  }
  told.push(`files: ${files.length}`)
}

async function digest(name) {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const octets of createReadStream(file(name))) {
    hash.update(octets)
    sizeBytes += octets.length
  }
  return `${sizeBytes} ${hash.digest('hex')}`
}

/** Line ends are LF alone: a JSON text may have others in it (U+2028), which readline would take for one. */
async function* lines(name) {
  let rest = ''
  for await (const text of createReadStream(file(name), 'utf8')) {
    const parts = (rest + text).split('\n')
    rest = parts.pop()
    yield* parts
  }
  if (rest !== '') throw new Error(`${name} ends in the middle of a line`)
}

async function checkChain() {
  const stored = new Map()
  const events = lines('events.ndjson')
  let [before, sealed, withheld] = [null, 0, 0]
  let next = await read(events)
  for await (const line of lines('seals.ndjson')) {
    const { digest: own, mac: _, ...seal } = JSON.parse(line)
    if (sha256(canonical(seal)) !== own) fault(`seal ${seal.number} was changed`)
    if (before !== null && (seal.previous !== before.own || BigInt(seal.number) !== BigInt(before.number) + 1n)) {
      fault(`seal ${seal.number} does not follow seal ${before.number}`)
    }
    if (seal.number === '1' && seal.previous !== '0'.repeat(64)) fault('seal 1 is not the first')
    const hash = createHash('sha256')
    let count = 0
    for (; next !== null && next.id <= BigInt(seal.lastEventId); next = await read(events, next.id)) {
      hash.update(next.digest)
      count += 1
      if (next.isWithheld) withheld += 1
      if (next.stored) stored.set(next.stored.inboundMessageId, next.stored.sha256)
    }
    if (count !== seal.events || hash.digest('hex') !== seal.eventsSha256)
      fault(`the events of seal ${seal.number} are not those it was made for`)
    sealed += count
    before = { own, number: seal.number }
  }
  let unsealed = 0
  for (; next !== null; next = await read(events, next.id)) {
    unsealed += 1
    if (next.stored) stored.set(next.stored.inboundMessageId, next.stored.sha256)
  }
  told.push(`events: ${sealed} sealed (of ${withheld} only the digest is in here), ${unsealed} not sealed yet`)
  told.push(before === null ? 'seals: none' : `seals: up to ${before.number}, head ${before.own}`)
  return stored
}

async function read(events, after = null) {
  const { value: line, done } = await events.next()
  if (done) return null
  const event = JSON.parse(line)
  const id = BigInt(event.id)
  if (after !== null && id <= after) throw new Error(`event ${id} is out of order`)
  if (Object.keys(event).length === 2) return { id, digest: Buffer.from(event.sha256, 'hex'), isWithheld: true }
  const isStoring = event.code === 'intake/stored' && event.detail.sha256 !== undefined
  const stored = isStoring ? { inboundMessageId: event.inboundMessageId, sha256: event.detail.sha256 } : null
  return { id, digest: sha256(line, null), isWithheld: false, stored }
}

async function checkMessages(stored) {
  let [count, proven] = [0, 0]
  for await (const line of lines('messages.ndjson')) {
    const message = JSON.parse(line)
    const expected = stored.get(message.id)
    if (expected !== undefined && expected !== message.sha256)
      fault(`message ${message.id} is not the one that was stored`)
    if (expected === message.sha256) proven += 1
    count += 1
  }
  told.push(`messages: ${count}, of ${proven} an event in here says the digest`)
}
