// The pages work without this. It asks before what cannot be undone, marks all rows, and shows news as it comes.

for (const form of document.querySelectorAll('form[data-confirm]')) {
  form.addEventListener('submit', (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault()
  })
}

for (const all of document.querySelectorAll('input[data-marks-all]')) {
  const boxes = () => document.querySelectorAll(`input[type=checkbox][name="${all.dataset.marksAll}"]`)
  all.addEventListener('change', () => {
    for (const box of boxes()) box.checked = all.checked
  })
}

const tellTimes = () => {
  for (const time of document.querySelectorAll('time[datetime]')) {
    time.title ||= new Date(time.dateTime).toLocaleString()
  }
}
tellTimes()

// A part of a page that says where its news come from is fetched again when something happened (server-sent events).
const live = document.querySelector('[data-live]')
if (live !== null && 'EventSource' in window) {
  let isDue = false
  let isAsked = false
  const IN_USE = 'a:focus, button:focus, input:focus, input:checked, details[open]'
  const isInUse = () => live.querySelector(IN_USE) !== null
  const renew = async () => {
    isAsked = false
    if (document.hidden || isInUse()) return
    isDue = false
    const answer = await fetch(window.location.href, { headers: { 'x-part': 'live' } })
    if (!answer.ok || answer.redirected) return
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live]')
    if (fresh === null || isInUse()) return
    live.replaceChildren(...fresh.childNodes)
    tellTimes()
  }
  const ask = () => {
    if (!isDue || isAsked) return
    isAsked = true
    window.setTimeout(renew, 500)
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
  document.addEventListener('focusout', ask)
}
