/** The way from a message to what it came with. */
import type { Neighbour, Neighbours } from '../../../store/browse/neighbours.ts'
import { type Html, html } from '../../html.ts'
import { instant, tag } from '../parts.ts'

export function neighbourhood({ thread, poll }: Neighbours, now: Date): Html {
  const item = ({ id, subject, fromAddress, state, receivedAt }: Neighbour) =>
    html`<li><a href="/messages/${id}"><bdi>${subject || '(no subject)'}</bdi></a> ${tag(state)}<br><small>${fromAddress}, ${instant(receivedAt, now)}</small></li>`
  return html`${
    thread.length > 0 &&
    html`<h2>In the same thread</h2>
          <ul class="card plain">${thread.map(item)}</ul>`
  }
          ${poll !== null && html`<p><a href="/polls?before=${BigInt(poll.id) + 1n}#poll-${poll.id}">The poll that brought it</a> <small>${instant(poll.startedAt, now)}</small></p>`}`
}
