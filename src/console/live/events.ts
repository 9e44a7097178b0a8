/** `GET /events`: server-sent events for whoever has a page open. They say that there are news, never which. */
import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MailchuteError } from '../../errors.ts'
import { STREAMED } from '../refusal.ts'
import type { ConsoleDeps } from '../server.ts'
import { createNews } from './news.ts'

/** Proxies end what is silent for a minute. */
const HEARTBEAT_MILLISECONDS = 20_000

export function addEvents(server: FastifyInstance, { store, now }: ConsoleDeps): void {
  const news = createNews(() => store.browse.lastChange())
  server.addHook('preClose', async () => news.close())
  server.get('/events', STREAMED, (request, reply) => {
    const stream = new PassThrough()
    const end = () => stream.end()
    const stop = news.listen({ onNews: () => stream.write('event: news\ndata: \n\n'), onEnd: end })
    if (stop === null) throw new MailchuteError('console/too-many', 'too many pages listen for news already')
    const heartbeat = setInterval(
      () => (isOver(request, now()) ? end() : stream.write(':\n\n')),
      HEARTBEAT_MILLISECONDS,
    )
    stream.once('close', () => {
      clearInterval(heartbeat)
      stop()
    })
    reply.raw.once('close', () => stream.destroy())
    stream.write('retry: 5000\n\n')
    return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(stream)
  })
}

const isOver = ({ session }: FastifyRequest, now: Date): boolean => session !== null && session.endsAt <= now
