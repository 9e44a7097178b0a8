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

for (const time of document.querySelectorAll('time[datetime]')) {
  time.title ||= new Date(time.dateTime).toLocaleString()
}

// A part of a page that says where its news come from is fetched again when something happened (server-sent events).
const live = document.querySelector('[data-live]')
if (live !== null && 'EventSource' in window) {
  const events = new EventSource('/events')
  let isAsked = false
  const renew = async () => {
    isAsked = false
    if (document.hidden || live.contains(document.activeElement)) return
    const answer = await fetch(window.location.href, { headers: { 'x-part': 'live' } })
    if (!answer.ok || answer.redirected) return
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live]')
    if (fresh !== null) live.replaceChildren(...fresh.childNodes)
  }
  events.addEventListener('news', () => {
    if (isAsked) return
    isAsked = true
    window.setTimeout(renew, 500)
  })
}
