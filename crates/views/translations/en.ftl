# Every sentence of Visage in English. The other files hold the same keys (a test compares).
# Style: plain, short, to the person; no exclamation marks, no blame.

product = Visage
skip = Skip to the content
date = { $day } { $month } { $year }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
size-megabytes = { $number } MB
size-kilobytes = { $number } KB

# Fields
email = E-mail address
password = Password
password-show = Show the password
password-hide = Hide the password
name = Name
policy = Privacy policy
terms = Terms of service

# Sign in
login-title = Sign in
login-to = to continue to { $client }
login-plain = to your account
login-again-title = Confirm that it is you
login-again-to = { $client } asks you to sign in again
login-again-plain = Please enter your password again
login-submit = Sign in
login-cancel = Cancel and go back to { $client }
login-not-you = Not you? Change the address to sign in as someone else.

# Consent
consent-title = Allow { $client }?
consent-unchecked = Nobody here has checked { $client }: it registered itself. Go on only if the address above is one that you know.
consent-unchecked-device = Nobody here has checked { $client }: it registered itself. Go on only if you know this application and have just started it yourself.
consent-lead = { $client } would like to
consent-more = { $client } asks for more than you allowed before. It would like to
consent-as = You are signed in as
consent-detail = For this request alone
consent-resources = Where these permissions are used:
consent-shared = This is what { $client } will see
consent-allow = Allow
consent-deny = Don’t allow
consent-withdraw = You can withdraw this at any time in your account.
consent-everyone = Approve for everyone
consent-everyone-note = You are an administrator. Nobody will be asked again about { $client } and these permissions.

# Devices
device-title = Connect a device
device-lead = Enter the code that your TV, terminal or other device shows.
device-code = Code
device-hint = Eight letters. Capitals and the dash do not matter.
device-compare = Is this the code that your device shows? Only then go on.
device-submit = Continue
device-connected-title = Your device is connected
device-connected-lead = Go back to it: it carries on by itself in a few seconds. You can close this page.
device-denied-title = The device was not connected
device-denied-lead = It has been told so, and has access to nothing. You can close this page.
consent-device = A device is waiting that shows this code:
consent-device-warning = Allow it only if you have this device in front of you. If somebody sent you the code or a link, do not.

# Scopes in words
scope-openid-title = Know who you are
scope-openid-detail = An identifier that stays the same each time you sign in
scope-profile-title = See and change your profile and photo
scope-profile-detail = Your name, language and picture; it may update them for you
scope-email-title = See your e-mail address
scope-email-detail = And whether it has been verified
scope-phone-title = See your phone number
scope-phone-detail = And whether it has been verified
scope-address-title = See your postal address
scope-address-detail = As you entered it in your profile
scope-offline_access-title = Stay connected while you are away
scope-offline_access-detail = It keeps this access until you withdraw it
scope-galleries-title = Manage your galleries
scope-galleries-detail = Make, rename and delete them; add, order, caption and remove their pictures
scope-admin-title = Administer this service
scope-admin-detail = Manage people and applications on your behalf
scope-other-detail = A permission that this application defines

# Sign out
logout-title = Sign out?
logout-lead = { $client } asks to sign you out.
logout-plain = You will be signed out on this device.
logout-yes = Sign out
logout-no = Stay signed in
signed-out-title = You are signed out
signed-out-lead = It is safe to close this window.
signed-out-again = Sign in again
signed-out-onward = You are being taken back to the application.
signed-out-continue = Continue
signed-out-frame = An application signs out

# Errors
error-title-request = This request cannot go on
error-title-missing = There is nothing here
error-title-slow = A moment, please
error-title-server = Something went wrong on our side
error-developer = For developers
error-home = Go to your account
error-id = Reference

# Answer by POST
form-post-title = One last step
form-post-lead = You are being taken back to { $client }.
form-post-submit = Continue

# First administrator
setup-title = Welcome to Visage
setup-lead = Create the first administrator. This link works once.
setup-password-hint = At least 8 characters. A few unrelated words are best.
setup-submit = Create administrator

# Account
account-title = Your account
account-administrator = Administrator
account-sign-out = Sign out
account-save = Save
account-photo = Photo
account-photo-lead = Applications that you connect see this picture.
account-photo-of = Your photo
account-photo-choose = Choose a photo
account-photo-drop = or drop one here
account-photo-hint = JPEG, PNG, GIF or WebP, up to { $size }. Without a choice of yours the centre square is used.
account-photo-alt = Description
account-photo-alt-hint = For people who cannot see the photo
account-photo-alt-current = Description of your photo
account-photo-alt-save = Save description
account-photo-crop = Choose the square
account-photo-crop-area = Square of the photo
account-photo-crop-role = crop area
account-photo-crop-help = Drag the square or a corner. With the keyboard: arrow keys move it, plus and minus or Shift and arrow keys resize it, Home centres it.
account-photo-crop-said = %w pixels wide, %x from the left, %y from the top
account-photo-crop-size = Size
account-photo-looks = How it will look
account-photo-progress = Upload
account-photo-sending = Uploading: %p %
account-photo-working = Making your photo…
account-photo-staged-title = Is this the one?
account-photo-staged-lead = Nobody else sees it until you confirm.
account-photo-staged-alt = The new photo as it will be
account-photo-waiting-title = You have not confirmed this photo yet
account-photo-waiting-discard = Discard
account-photo-confirm = Use this photo
account-photo-again = Choose the square again
account-photo-cancel = Cancel
account-photo-cancelled = Nothing was changed.
account-photo-failed = The upload did not arrive. Check the connection and try again.
account-photo-many = Choose one photo only.
account-photo-earlier = Earlier photos
account-photo-earlier-of = Photo of { $day }
account-photo-restore = Restore
account-photo-restore-of = Restore the photo of { $day }
account-photo-removed = An administrator removed your photo on { $day }: { $reason }
account-photo-blocked = You cannot upload photos at the moment: { $reason }
account-photo-upload = Upload
account-photo-replace = Replace
account-photo-remove = Remove
account-name = Name
account-name-lead = How applications and people see you.
account-name-submit = Save name
account-password = Password
account-password-lead = Changing it signs you out everywhere else, disconnects applications that stay connected and ends your personal tokens.
account-password-current = Current password
account-password-new = New password
account-password-repeat = New password again
account-password-submit = Change password
account-applications = Connected applications
account-applications-lead = They can use what you allowed until you withdraw it.
account-applications-none = No application is connected yet. When you sign in somewhere with Visage, it shows up here.
account-applications-since = Since { $day }
account-applications-may = What { $client } may do
account-withdraw = Withdraw
account-withdraw-from = Withdraw access from { $client }

# Personal access tokens
tokens-title = Personal access tokens
tokens-panel-lead = For scripts of your own that use the photo API without a browser.
tokens-panel-none = You have no token.
tokens-panel-some = { $count ->
    [one] You have one token.
   *[other] You have { $count } tokens.
  }
tokens-manage = Manage tokens
tokens-back = Back to your account
tokens-lead = A token lets a script of your own act as you, as far as you allow. Treat it like a password: whoever has it can use it. Changing your password ends all of them.
tokens-made = Your new token “{ $name }”
tokens-made-lead = Copy it now: it is shown this once, and nobody can show it again.
tokens-value = Token
tokens-copy = Copy
tokens-copied = Copied
tokens-yours = Your tokens
tokens-none = No token yet.
tokens-created = Made on { $day }
tokens-used = last used on { $day }
tokens-unused = never used
tokens-ends = ends on { $day }
tokens-may = What “{ $name }” may do
tokens-revoke = Revoke
tokens-revoke-one = Revoke “{ $name }”
tokens-new = New token
tokens-new-lead = It ends at the end of the day you choose, in UTC.
tokens-name = Name
tokens-name-hint = What it is for, such as “Backup script”
tokens-scopes = It may
tokens-end = Last day
tokens-end-hint = From { $first } to { $last }
tokens-password = Your password
tokens-password-hint = To be sure that it is you
tokens-submit = Make token
tokens-full = You have as many tokens as a person may have. Revoke one to make another.
tokens-off = Personal tokens are switched off here.

# Galleries
galleries-title = Galleries
galleries-back = Your account
galleries-lead = The pictures of your organizations, in the order that you choose.
galleries-new = New gallery
galleries-none = There are no galleries yet. Choose some pictures and give them a name to make the first.
galleries-empty = No galleries yet.
galleries-panel-lead = Pictures that you show for your organizations.
galleries-manage = Your galleries
gallery-count = { $count ->
    [one] One picture
   *[other] { $count } pictures
  }
gallery-new-title = New gallery
gallery-new-lead = First the pictures, then a name. Until then they wait here, and nobody else sees them.
gallery-pictures = Pictures
gallery-none = No pictures yet.
gallery-picture = Picture { $n }
gallery-add = Add pictures
gallery-add-hint = JPEG, PNG, GIF or WebP, up to { $size } each.
gallery-drop = You can also drop them here.
gallery-chosen = Chosen pictures
gallery-upload = Upload
gallery-progress = Upload of { $name }
gallery-leave-out = Leave out { $name }
gallery-caption = Caption
gallery-caption-of = Caption of picture { $n }
gallery-save = Save
gallery-up = Move picture { $n } up
gallery-down = Move picture { $n } down
gallery-moved = The picture is number { $n } now.
gallery-delete = Delete
gallery-delete-picture = Delete picture { $n }
gallery-delete-picture-sure = Delete this picture for good?
gallery-delete-yes = Yes, delete
gallery-delete-title = Delete this gallery
gallery-delete-lead = With all its pictures.
gallery-delete-sure = The gallery and its pictures are gone for good then.
gallery-failed = The server could not be reached. Please try again.
gallery-name = Name of the gallery
gallery-name-title = Name
gallery-new-name-title = Name and organization
gallery-name-lead = You can come back to it later: the pictures wait for a while, or until you sign out.
gallery-create = Make the gallery
organization = Organization
organization-another = Another, new one
organization-hint = For a new one choose the last entry and name it below.
organization-new = Name of the new organization
organization-delete = Delete this organization
organization-delete-sure = The organization is gone for all of its owners then.
organization-name = Name
organization-name-label = Name of the organization
organization-new-hint = A house, a club, a company: whoever the pictures are of.
organization-lead = Whoever owns an organization may change all of its galleries.
organization-settings = Name and owners
organization-settings-of = Name and owners of { $name }
owners = Owners
owners-lead = Each may add and remove others; the last one stays.
owner-you = You
owner-email = E-mail address of another owner
owner-hint = They find the invitation on their galleries page, and say yes or no.
owner-add = Invite
owner-invited = Invited
owner-withdraw = Withdraw
owner-withdraw-of = Withdraw the invitation of { $name }
invitations = Invitations
invitations-lead = You are asked to become an owner.
invitation-accept = Accept
invitation-accept-of = Become an owner of { $name }
invitation-decline = Decline
invitation-decline-of = Decline the invitation of { $name }
owner-remove = Remove
owner-remove-of = Remove { $name }

# Messages: API errors and answers, form problems, notices
message-invalid-request = The request is not valid.
message-invalid-body = The body of the request could not be read.
message-json-wanted = Send a JSON object, with the content type application/json.
message-invalid-field = The field “{ $field }” is not valid.
message-body-too-large = The request is too large.
message-body-timeout = The request took too long to arrive.
message-not-found = What you asked for does not exist.
message-method-not-allowed = This method is not allowed here.
message-unsupported-media-type = This content type is not supported here.
message-too-many-requests = Too many requests. Please try again in { $unit ->
    [seconds] { $count ->
        [one] one second
       *[other] { $count } seconds
    }
    [minutes] { $count ->
        [one] one minute
       *[other] { $count } minutes
    }
   *[hours] { $count ->
        [one] one hour
       *[other] { $count } hours
    }
  }.
message-unavailable = The service is not available right now. Please try again in a moment.
message-server-error = An unexpected error happened. It has been recorded.
message-token-missing = An access token is needed.
message-token-invalid = The access token is not valid or has expired.
message-proof-invalid = The DPoP proof is missing, wrong or was used before.
message-proof-nonce-wanted = Repeat the request with the nonce of the header DPoP-Nonce in the DPoP proof.
message-scope-missing = The access token lacks the scope “{ $scope }”.
message-person-missing = The access token stands for no person.
message-sign-in-insufficient = This needs a more recent or a stronger sign-in. Sign in again in the application.
message-sign-in-required = Please sign in first.
message-caller-missing = An access token or a signed-in browser is needed.
message-forbidden = You may not do this.
message-form-forged = The form could not be confirmed. Please go back, load the page again and send it once more.
message-profile-updated = Profile updated successfully
message-picture-url-invalid = The picture URL must be an absolute https URL.
message-photo-updated = Profile photo updated successfully
message-photo-deleted = Profile photo deleted successfully
message-photo-missing = No photo was sent.
message-image-missing = No image was provided.
message-picture-upload-not-found = The upload record was not found or is already confirmed.
message-photo-field-missing = No photo was sent. Send a multipart form with the file in the field “photo”.
message-photo-too-many = Send one photo only.
message-photo-too-large = The photo is larger than { $size }.
message-photo-wrong-type = The file is not a JPEG, PNG, GIF or WebP image.
message-photo-heic = HEIC and AVIF images are not supported. Please send a JPEG.
message-photo-broken = The image is damaged and cannot be read.
message-photo-too-many-pixels = The image has too many pixels.
message-photo-too-small = The image must be at least { $pixels } pixels wide and high.
message-photo-crop-invalid = The crop must be x,y,side inside the image.
message-photo-lost = That photo is not stored any more.
message-photo-not-stored = The picture could not be stored. What was there is unchanged; please try again later.
message-photo-restored = Your earlier photo is back.
message-photo-discarded = The photo was discarded.
message-alt-text-saved = The description of your photo was saved.
message-alt-text-too-long = The description of the photo is too long.
message-photo-busy = Many photos are being processed. Please try again in a moment.
message-photo-import-disabled = Photos cannot be fetched from an address here. Send the file.
message-photo-url-invalid = The address must be a public https URL of an image.
message-photo-url-failed = The photo could not be fetched from that address.
message-uploads-blocked = An administrator has stopped your uploads. Your account page says why.
message-nothing-to-remove = There is nothing of this picture to remove.
message-gallery-created = The gallery has been created.
message-gallery-renamed = The gallery has been renamed.
message-gallery-deleted = The gallery and its pictures have been deleted.
message-gallery-name-invalid = A gallery’s name has 1 to 120 characters and no line breaks.
message-gallery-full = A gallery holds at most { $most } pictures.
message-galleries-full = There are as many galleries and organizations as there may be.
message-gallery-image-added = The picture has been added.
message-gallery-image-removed = The picture has been removed.
message-gallery-order-saved = The order has been saved.
message-gallery-order-invalid = The order must name each picture of the gallery exactly once.
message-caption-saved = The caption has been saved.
message-caption-invalid = A caption has at most { $most } characters and no line breaks.
message-waiting-full = At most { $most } pictures can wait for a gallery.
message-organization-missing = Name one of your organizations, or a new one.
message-organization-deleted = The organization has been deleted.
message-organization-not-empty = An organization with galleries cannot be deleted. Delete its galleries first.
message-organization-renamed = The organization has been renamed.
message-organization-name-invalid = An organization’s name has 1 to 120 characters and no line breaks.
message-organization-name-taken = One of its owners already has an organization of that name.
message-owner-invited = Whoever has that address here can now say yes on their galleries page.
message-invitation-accepted = You are an owner now.
message-invitation-declined = The invitation has been declined.
message-owner-removed = The owner has been removed.
message-owner-already = That person is an owner already.
message-owner-last = The last owner cannot be removed.
message-owners-full = An organization has at most { $most } owners, the invited ones included.
message-sign-in-failed = The e-mail address or the password is not right.
message-sign-in-slowed = Too many tries. Please wait { $minutes ->
    [one] a minute
   *[other] { $minutes } minutes
  } and try again.
message-sign-in-busy = Many people are signing in right now. Please try again in a moment.
message-email-invalid = This does not look like an e-mail address.
message-name-updated = Your name has been saved.
message-name-invalid = A name has up to 120 characters and no line breaks.
message-password-changed = Your password has been changed. Your other sessions have ended.
message-password-wrong = The current password is not right.
message-password-too-short = A password needs at least 8 characters.
message-password-too-long = A password has at most 128 characters.
message-password-common = This password is among the most common ones. Please choose another.
message-password-forbidden = This password contains a character that cannot be used.
message-passwords-differ = The new passwords are not the same.
message-application-withdrawn = Access has been withdrawn.
message-personal-token-made = Your token was made.
message-personal-token-revoked = The token was revoked. It does not work any more.
message-personal-token-scopes = Choose at least one thing that the token may do.
message-personal-token-end = Choose a last day that the token may have.
message-personal-tokens-full = You have { $most } tokens already, and nobody may have more. Revoke one first.
message-setup-link-invalid = This set-up link has been used or is not valid. Start the server on an empty database to get a new one.
message-interaction-expired = This sign-in took too long or was finished already. Please go back to the application and start again.
message-interaction-foreign = This sign-in was started in another browser. Please go back to the application and start again here.
message-device-code-unknown = No device is waiting with this code. Check it on your device; if it is no longer shown there, begin again.
message-device-over = This device is not waiting any more. Begin again on the device to get a new code.
message-client-untrusted = The application that sent you here is not set up correctly, so we did not send you on.
message-logout-request-invalid = This request to sign out is not valid, so we did not send you on.
