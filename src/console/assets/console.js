// The pages work without this. It marks all rows, lets time go on, and shows news as it comes.

for (const all of document.querySelectorAll('input[data-marks-all]')) {
  const boxes = () => document.querySelectorAll(`input[type=checkbox][name="${all.dataset.marksAll}"]`)
  all.addEventListener('change', () => {
    for (const box of boxes()) box.checked = all.checked
  })
}

// As pages/parts.ts writes them. The server's clock counts, not the browser's.
const ahead = Date.now() - Date.parse(document.documentElement.dataset.now)
const duration = (seconds) => {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`
}
const tellTimes = () => {
  for (const time of document.querySelectorAll('time.ago')) {
    const seconds = (Date.now() - ahead - Date.parse(time.dateTime)) / 1000
    const told = seconds < -1 ? `in ${duration(-seconds)}` : `${duration(Math.max(0, seconds))} ago`
    if (time.textContent !== told) time.textContent = told
    if (!time.dataset.local) time.title += ` (${new Date(time.dateTime).toLocaleString()} here)`
    time.dataset.local = 'yes'
  }
}
tellTimes()
window.setInterval(tellTimes, 10_000)

// Makes `old` like `fresh` and leaves alone what is so already: focus, selection, marks and what is unfolded stay.
const isOwn = (node, name) =>
  name === 'open' || (node.nodeName === 'TIME' && (name === 'title' || name === 'data-local'))
const patch = (old, fresh) => {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data
    return
  }
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !isOwn(old, name)) old.removeAttribute(name)
  for (const { name, value } of fresh.attributes) {
    if (name === 'datetime' && old.dateTime !== value) {
      old.title = fresh.title
      delete old.dataset.local
    }
    if (!isOwn(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value)
  }
  patchChildren(old, fresh)
}
const keyOf = (node) => node.dataset?.key
const isAlike = (one, other) =>
  one.nodeName === other.nodeName && keyOf(one) === undefined && keyOf(other) === undefined
const patchChildren = (old, fresh) => {
  const wanted = new Set([...fresh.children].map(keyOf))
  for (const child of [...old.children]) if (keyOf(child) !== undefined && !wanted.has(keyOf(child))) child.remove()
  const kept = new Map([...old.children].map((child) => [keyOf(child), child]))
  let at = old.firstChild
  for (const next of [...fresh.childNodes]) {
    const same = keyOf(next) === undefined ? at !== null && isAlike(at, next) && at : kept.get(keyOf(next))
    if (!same) old.insertBefore(next, at)
    else {
      if (same === at) at = at.nextSibling
      else old.insertBefore(same, at)
      patch(same, next)
    }
  }
  while (at !== null) {
    const next = at.nextSibling
    at.remove()
    at = next
  }
}

// What is live on a page is fetched again when something happened (server-sent events).
const live = document.querySelector('[data-live]')
if (live !== null && 'EventSource' in window) {
  let isDue = false
  let isAsked = false
  const renew = async () => {
    isAsked = false
    if (document.hidden) return
    isDue = false
    const answer = await fetch(window.location.href, { headers: { 'x-part': 'live' } })
    if (!answer.ok || answer.redirected) return
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const fresh = page.querySelector('[data-live]')
    if (fresh === null) return
    const focused = document.activeElement
    patchChildren(live, fresh)
    // What changed its place has lost its focus.
    if (live.contains(focused) && document.activeElement !== focused) focused.focus({ preventScroll: true })
    tellTimes()
  }
  const ask = () => {
    if (!isDue || isAsked) return
    isAsked = true
    window.setTimeout(() => renew().catch(() => undefined), 500)
  }
  const events = new EventSource('/events')
  const hear = () => {
    isDue = true
    ask()
  }
  events.addEventListener('news', hear)
  // What happened while nobody listened is not told again.
  events.addEventListener('error', () => events.addEventListener('open', hear, { once: true }))
  document.addEventListener('visibilitychange', ask)
}
