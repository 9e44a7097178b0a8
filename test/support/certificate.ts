import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Certificate {
  /** PEM of the authority that a client has to trust. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A certificate for `subjectAltName` (as `DNS:localhost,IP:127.0.0.1`), signed by an authority made for it alone. */
export async function makeCertificate(subjectAltName: string): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'mailchute-certificate-'))
  const file = (name: string) => join(folder, name)
  const common = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const authority = ['-subj', '/CN=Mailchute test authority', '-keyout', file('ca.key'), '-out', file('ca.pem')]
  const server = ['-subj', '/CN=Mailchute test server', '-keyout', file('key.pem'), '-out', file('cert.pem')]
  const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-addext', `subjectAltName=${subjectAltName}`]
  try {
    await openssl([...common, ...authority])
    await openssl([...common, ...server, ...signed, '-addext', 'basicConstraints=critical,CA:FALSE'])
    const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((name) => readText(file(name))))
    if (ca === undefined || cert === undefined || key === undefined) throw new Error('openssl has written no files')
    return { ca, cert, key }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const readText = (path: string): Promise<string> => readFile(path, 'utf8')

async function openssl(parameters: readonly string[]): Promise<void> {
  await promisify(execFile)('openssl', parameters)
}
