// Goes on at once; without JavaScript the button does the same.
document.getElementById('form-post')?.submit();
