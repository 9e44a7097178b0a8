/** The files of an export, in a folder: each is written once, hashed on its way, and named in a signed manifest. */
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface BundleFile {
  readonly name: string
  readonly sizeBytes: number
  readonly sha256: string
}

export interface Bundle {
  /** Where the content ends with an error, so does this, and there is no such file. */
  add(name: string, content: AsyncIterable<string | Buffer> | Iterable<string | Buffer>): Promise<void>
  /** The manifest, and its signature where there is a key. Returns all files there are. */
  finish(about: object, key: KeyObject | null): Promise<BundleFile[]>
}

export const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/** In a new folder. Rejects when told to stop. */
export function createBundle(folder: string, signal: AbortSignal): Bundle {
  const files: BundleFile[] = []
  const write = async (name: string, content: AsyncIterable<string | Buffer> | Iterable<string | Buffer>) => {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true, mode: PRIVATE_FOLDER })
    const hash = createHash('sha256')
    let sizeBytes = 0
    const hashing = new Transform({
      transform: (octets: Buffer, _, done) => {
        hash.update(octets)
        sizeBytes += octets.length
        done(null, octets)
      },
    })
    const written = createWriteStream(file, { flags: 'wx', mode: PRIVATE_FILE })
    try {
      await pipeline(Readable.from(content), hashing, written, { signal })
    } catch (thrown) {
      await rm(file, { force: true })
      signal.throwIfAborted()
      throw thrown
    }
    return { name, sizeBytes, sha256: hash.digest('hex') }
  }
  return {
    add: async (name, content) => {
      files.push(await write(name, content))
    },
    finish: async (about, key) => {
      const publicKey = key === null ? null : publicKeyOf(key)
      const manifest = `${JSON.stringify({ ...about, publicKey, files }, null, 2)}\n`
      const more = [await write('manifest.json', [manifest])]
      if (key === null) return [...files, ...more]
      const signature = sign(null, Buffer.from(manifest), key).toString('base64')
      more.push(await write('manifest.sig', [`${signature}\n`]))
      return [...files, ...more]
    },
  }
}

/** As RFC 8410 has it (SubjectPublicKeyInfo), in base64. */
export function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
}
