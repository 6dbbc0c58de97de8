// Applications sign out in frames of this page; when they are through, or have had their time, it goes on. Without
// JavaScript the browser goes on by itself a little later, and the link does the same.
(function () {
  'use strict';

  var link = document.getElementById('continue');
  var gone = false;

  function go() {
    if (link && !gone) {
      gone = true;
      window.location.replace(link.href);
    }
  }

  // The window's load waits for every frame.
  if (document.readyState === 'complete') {
    go();
  } else {
    window.addEventListener('load', go, false);
    window.setTimeout(go, 4000);
  }
})();
