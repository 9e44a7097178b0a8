/** What went wrong, for programs: RFC 9457, with our code and what to do. */
import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Refusal } from '../refusal.ts'

export function sendProblem(reply: FastifyReply, { error, status }: Refusal): FastifyReply {
  const { code, hint } = error
  // What nobody foresaw may quote anything.
  const detail = code === 'internal/bug' ? 'this should not have happened' : error.message
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail, code, hint }
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
}
