import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from '../../support/certificate.ts'

const HOST = 'login.microsoftonline.com'
const TENANT = '0b1e7a3c-0000-0000-0000-000000000000'

/**
 * The library makes an exception for Microsoft by the name of its host, so the stand-in has that name: it is reached by a
 * proxy, and has a certificate of an authority that the asking process trusts.
 */
async function standIn(tenantIn: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const { ca, cert, key } = await makeCertificate(`DNS:${HOST}`)
  const microsoft = createTlsServer({ cert, key }, (request, response) => {
    const [, asked = ''] = request.url?.split('/') ?? []
    const issuer = `https://${HOST}/${tenantIn[asked]}/v2.0`
    const metadata = { issuer, token_endpoint: `https://${HOST}/t`, jwks_uri: `https://${HOST}/k` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata))
  })
  const port = await listening(microsoft)
  const proxy = createServer().on('connect', ({ url }, socket) => {
    if (url !== `${HOST}:443`) {
      socket.destroy()
      return
    }
    const there = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    for (const each of [socket, there]) each.on('error', () => undefined)
  })
  const file = path.join(await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? '', 'microsoft-')), 'ca.pem')
  await writeFile(file, ca)
  return { HTTPS_PROXY: `http://127.0.0.1:${await listening(proxy)}`, NODE_EXTRA_CA_CERTS: file }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('of metadata of Microsoft those of the tenant that is set are good, not those of another, or of all of them', async () => {
  const env = await standIn({ [TENANT]: TENANT, all: '{tenantid}', other: TENANT })
  const child = fileURLToPath(new URL('../../support/issuer-child.ts', import.meta.url))
  const issuers = [TENANT, 'all', 'other'].map((tenant) => `https://${HOST}/${tenant}/v2.0`)
  const { stdout } = await promisify(execFile)(process.execPath, ['--use-env-proxy', child, ...issuers], { env })
  expect(stdout.trimEnd().split('\n')).toEqual([
    issuers[0],
    expect.stringMatching(/^oidc\/issuer-wrong: .*\{tenantid\}/),
    expect.stringMatching(new RegExp(`^oidc/issuer-wrong: .*${TENANT}`)),
  ])
})
