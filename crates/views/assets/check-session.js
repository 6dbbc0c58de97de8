// The frame that clients put into their pages to notice that the session has changed. A client's page sends
// "client_id session_state"; the answer is "unchanged", "changed" or "error". Nothing leaves the browser.
// OpenID Connect Session Management 1.0, section 3.2.
//
// A plain script with a hash of its own: the frame must answer at once, also in browsers that know less than people's do.
(function () {
  'use strict';

  var K = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
  ];

  function rotated(word, by) {
    return (word >>> by) | (word << (32 - by));
  }

  // FIPS 180-4, of text as UTF-8; in hexadecimal.
  function sha256(text) {
    var bytes = unescape(encodeURIComponent(text));
    var words = [];
    var length = bytes.length;
    var i;
    for (i = 0; i < length; i++) {
      words[i >> 2] = (words[i >> 2] || 0) | (bytes.charCodeAt(i) << (24 - (i % 4) * 8));
    }
    words[length >> 2] = (words[length >> 2] || 0) | (0x80 << (24 - (length % 4) * 8));
    var blocks = (length + 8 >> 6) + 1;
    words[blocks * 16 - 1] = length * 8;
    var state = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    var w = [];
    for (var block = 0; block < blocks; block++) {
      var s = state.slice();
      for (i = 0; i < 64; i++) {
        if (i < 16) {
          w[i] = words[block * 16 + i] || 0;
        } else {
          var x = w[i - 15];
          var y = w[i - 2];
          w[i] = (w[i - 16] + w[i - 7]
            + (rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3))
            + (rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10))) | 0;
        }
        var one = (s[7] + K[i] + w[i]
          + (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25))
          + ((s[4] & s[5]) ^ (~s[4] & s[6]))) | 0;
        var two = ((rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22))
          + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]))) | 0;
        s = [(one + two) | 0, s[0], s[1], s[2], (s[3] + one) | 0, s[4], s[5], s[6]];
      }
      for (i = 0; i < 8; i++) {
        state[i] = (state[i] + s[i]) | 0;
      }
    }
    var hex = '';
    for (i = 0; i < 8; i++) {
      hex += ('0000000' + (state[i] >>> 0).toString(16)).slice(-8);
    }
    return hex;
  }

  // Who is signed in here, as the provider last said; nobody where there is no cookie.
  function browserState() {
    var found = /(?:^|; )(?:__Host-)?visage-state=([^;]*)/.exec(document.cookie);
    return found ? found[1] : null;
  }

  // The origin of the page that holds this frame, where the browser tells.
  function parentOrigin() {
    var above = window.location.ancestorOrigins;
    if (above && above.length) {
      return above[0];
    }
    var found = /^[a-z]+:\/\/[^/]+/.exec(document.referrer || '');
    return found ? found[0] : null;
  }

  function answer(data, origin) {
    var parts = /^([^ ]+) ([0-9a-f]{64})\.([^ .]+)$/.exec(typeof data === 'string' ? data : '');
    if (!parts) {
      return 'error';
    }
    // Nobody is given a state of no session, but everybody could make one up, and learn from "unchanged" that nobody is
    // signed in here.
    var state = browserState();
    if (!state) {
      return 'changed';
    }
    var now = sha256(parts[1] + ' ' + origin + ' ' + state + ' ' + parts[3]);
    return now === parts[2] ? 'unchanged' : 'changed';
  }

  window.addEventListener('message', function (event) {
    // > The OP iframe MUST enforce that the caller has the same origin as its parent frame.
    var parent = parentOrigin();
    if (!event.source || event.source === window || (parent !== null && parent !== event.origin)) {
      return;
    }
    event.source.postMessage(answer(event.data, event.origin), event.origin);
  }, false);
})();
