// Goes on at once; without JavaScript the button does the same. A plain script, not a module: the programs that walk this
// page (the certification suite's browser is one) know less than people's browsers do.
document.getElementById('form-post').submit();
