(function (page) {
  var renew = function () { location.reload(); };
  if (!window.EventSource) { setTimeout(renew, 30000); return; }
  var stream = new EventSource(page.dataset.events);
  stream.addEventListener("changed", renew);
  stream.onerror = function () { if (stream.readyState === EventSource.CLOSED) { setTimeout(renew, 30000); } };
  setTimeout(renew, 600000);
})(document.body);
