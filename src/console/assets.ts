/** The style, the script and the icon of the pages: read once, known to the browser by their digest. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'

const TYPES = {
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const

/** Open to everybody: the login page needs them, and they tell nothing. */
export async function addAssets(server: FastifyInstance): Promise<void> {
  for (const [name, type] of Object.entries(TYPES)) {
    const octets = await readFile(new URL(`./assets/${name}`, import.meta.url))
    const etag = `"${createHash('sha256').update(octets).digest('hex').slice(0, 32)}"`
    server.get(`/assets/${name}`, (request, reply) => {
      reply.header('cache-control', 'no-cache').header('etag', etag)
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type(type).send(octets)
    })
  }
}
