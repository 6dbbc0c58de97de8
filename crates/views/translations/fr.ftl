# Toutes les phrases de Visage en français. Les mêmes clés que en.ftl (un test compare).

product = Visage
skip = Aller au contenu
date = { $day } { $month } { $year }
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
size-megabytes = { $number } Mo
size-kilobytes = { $number } Ko

# Champs
email = Adresse e-mail
password = Mot de passe
password-show = Afficher le mot de passe
password-hide = Masquer le mot de passe
name = Nom
policy = Politique de confidentialité
terms = Conditions d’utilisation

# Connexion
login-title = Se connecter
login-to = pour continuer vers { $client }
login-plain = à votre compte
login-again-title = Confirmez que c’est bien vous
login-again-to = { $client } vous demande de vous reconnecter
login-again-plain = Saisissez à nouveau votre mot de passe
login-submit = Se connecter
login-cancel = Annuler et revenir à { $client }
login-not-you = Ce n’est pas vous ? Changez l’adresse pour utiliser un autre compte.

# Consentement
consent-title = Autoriser { $client } ?
consent-unchecked = Personne ici n’a vérifié { $client } : cette application s’est inscrite elle-même. Ne continuez que si vous connaissez l’adresse ci-dessus.
consent-unchecked-device = Personne ici n’a vérifié { $client } : cette application s’est inscrite elle-même. Ne continuez que si vous connaissez cette application et venez de la lancer vous-même.
consent-lead = { $client } souhaite
consent-more = { $client } demande plus que ce que vous aviez autorisé. Elle souhaite
consent-as = Vous utilisez le compte
consent-detail = Pour cette demande seulement
consent-resources = Où ces autorisations servent :
consent-shared = Voici ce que { $client } verra
consent-allow = Autoriser
consent-deny = Refuser
consent-withdraw = Vous pouvez retirer cet accès à tout moment depuis votre compte.
consent-everyone = Approuver pour tout le monde
consent-everyone-note = Vous êtes administrateur. Plus personne ne sera interrogé au sujet de { $client } et de ces autorisations.

# Appareils
device-title = Connecter un appareil
device-lead = Saisissez le code affiché par votre téléviseur, votre terminal ou un autre appareil.
device-code = Code
device-hint = Huit lettres. Majuscules et tiret sans importance.
device-compare = Est-ce bien le code affiché par votre appareil ? Ne continuez que dans ce cas.
device-submit = Continuer
device-connected-title = Votre appareil est connecté
device-connected-lead = Revenez-y : il continue tout seul dans quelques secondes. Vous pouvez fermer cette page.
device-denied-title = L’appareil n’a pas été connecté
device-denied-lead = Il en a été informé et n’a accès à rien. Vous pouvez fermer cette page.
consent-device = Un appareil attend, qui affiche ce code :
consent-device-warning = N’autorisez que si vous avez cet appareil devant vous. Si quelqu’un vous a envoyé le code ou un lien, refusez.

# Portées en mots
scope-openid-title = Savoir qui vous êtes
scope-openid-detail = Un identifiant qui reste le même à chaque connexion
scope-profile-title = Voir et modifier votre profil et votre photo
scope-profile-detail = Votre nom, votre langue et votre photo ; elle peut les mettre à jour
scope-email-title = Voir votre adresse e-mail
scope-email-detail = Et savoir si elle a été vérifiée
scope-phone-title = Voir votre numéro de téléphone
scope-phone-detail = Et savoir s’il a été vérifié
scope-address-title = Voir votre adresse postale
scope-address-detail = Telle que vous l’avez saisie dans votre profil
scope-offline_access-title = Rester connectée en votre absence
scope-offline_access-detail = Elle garde cet accès jusqu’à ce que vous le retiriez
scope-galleries-title = Gérer vos galeries
scope-galleries-detail = En créer, en renommer et en supprimer ; ajouter, ordonner, légender et retirer leurs images
scope-admin-title = Administrer ce service
scope-admin-detail = Gérer les personnes et les applications en votre nom
scope-other-detail = Une autorisation définie par cette application

# Déconnexion
logout-title = Se déconnecter ?
logout-lead = { $client } demande à vous déconnecter.
logout-plain = Vous serez déconnecté sur cet appareil.
logout-yes = Se déconnecter
logout-no = Rester connecté
signed-out-title = Vous êtes déconnecté
signed-out-lead = Vous pouvez fermer cette fenêtre.
signed-out-again = Se reconnecter
signed-out-onward = Vous allez retourner à l’application.
signed-out-continue = Continuer
signed-out-frame = Une application se déconnecte

# Erreurs
error-title-request = Cette demande ne peut pas aboutir
error-title-missing = Il n’y a rien ici
error-title-slow = Un instant, s’il vous plaît
error-title-server = Une erreur est survenue de notre côté
error-developer = Pour les développeurs
error-home = Aller à votre compte
error-id = Référence

# Réponse par POST
form-post-title = Dernière étape
form-post-lead = Vous allez être ramené à { $client }.
form-post-submit = Continuer

# Premier administrateur
setup-title = Bienvenue dans Visage
setup-lead = Créez le premier administrateur. Ce lien ne sert qu’une fois.
setup-password-hint = Au moins 8 caractères. L’idéal : quelques mots sans rapport.
setup-submit = Créer l’administrateur

# Compte
account-title = Votre compte
account-administrator = Administrateur
account-sign-out = Se déconnecter
account-save = Enregistrer
account-photo = Photo
account-photo-lead = Les applications que vous connectez voient cette image.
account-photo-of = Votre photo
account-photo-choose = Choisir une photo
account-photo-drop = ou déposez-en une ici
account-photo-hint = JPEG, PNG, GIF ou WebP, { $size } au plus. Sans choix de votre part, le carré central est utilisé.
account-photo-alt = Description
account-photo-alt-hint = Pour les personnes qui ne voient pas la photo
account-photo-alt-current = Description de votre photo
account-photo-alt-save = Enregistrer la description
account-photo-crop = Choisissez le carré
account-photo-crop-area = Carré de la photo
account-photo-crop-role = zone de recadrage
account-photo-crop-help = Faites glisser le carré ou un coin. Au clavier : les flèches le déplacent, plus et moins ou Maj et les flèches changent sa taille, Début le centre.
account-photo-crop-said = %w pixels de large, à %x de la gauche et %y du haut
account-photo-crop-size = Taille
account-photo-looks = Aperçu
account-photo-progress = Envoi
account-photo-sending = Envoi : %p %
account-photo-working = Préparation de votre photo…
account-photo-staged-title = C’est bien celle-ci ?
account-photo-staged-lead = Personne d’autre ne la voit tant que vous n’avez pas confirmé.
account-photo-staged-alt = La nouvelle photo telle qu’elle sera
account-photo-waiting-title = Vous n’avez pas encore confirmé cette photo
account-photo-waiting-discard = Abandonner
account-photo-confirm = Utiliser cette photo
account-photo-again = Choisir à nouveau le carré
account-photo-cancel = Annuler
account-photo-cancelled = Rien n’a été changé.
account-photo-failed = L’envoi n’est pas arrivé. Vérifiez la connexion et réessayez.
account-photo-many = Choisissez une seule photo.
account-photo-earlier = Photos précédentes
account-photo-earlier-of = Photo du { $day }
account-photo-restore = Rétablir
account-photo-restore-of = Rétablir la photo du { $day }
account-photo-removed = Un administrateur a retiré votre photo le { $day } : { $reason }
account-photo-blocked = Vous ne pouvez pas envoyer de photos pour le moment : { $reason }
account-photo-upload = Envoyer
account-photo-replace = Remplacer
account-photo-remove = Supprimer
account-name = Nom
account-name-lead = Celui que voient les applications et les gens.
account-name-submit = Enregistrer le nom
account-password = Mot de passe
account-password-lead = Le changer vous déconnecte partout ailleurs, coupe les applications qui restent connectées et révoque vos jetons personnels.
account-password-current = Mot de passe actuel
account-password-new = Nouveau mot de passe
account-password-repeat = Nouveau mot de passe, encore
account-password-submit = Changer le mot de passe
account-applications = Applications connectées
account-applications-lead = Elles peuvent utiliser ce que vous avez autorisé jusqu’à ce que vous le retiriez.
account-applications-none = Aucune application n’est connectée. Quand vous vous connecterez quelque part avec Visage, elle apparaîtra ici.
account-applications-since = Depuis le { $day }
account-applications-may = Ce que { $client } peut faire
account-withdraw = Retirer
account-withdraw-from = Retirer l’accès de { $client }

# Jetons d’accès personnels
tokens-title = Jetons d’accès personnels
tokens-panel-lead = Pour vos propres scripts, qui utilisent l’API des photos sans navigateur.
tokens-panel-none = Vous n’avez aucun jeton.
tokens-panel-some = { $count ->
    [one] Vous avez un jeton.
   *[other] Vous avez { $count } jetons.
  }
tokens-manage = Gérer les jetons
tokens-back = Retour à votre compte
tokens-lead = Un jeton permet à un script à vous d’agir en votre nom, dans les limites que vous fixez. Traitez-le comme un mot de passe : qui l’a peut s’en servir. Changer votre mot de passe les révoque tous.
tokens-made = Votre nouveau jeton « { $name } »
tokens-made-lead = Copiez-le maintenant : il n’est affiché que cette fois, et personne ne pourra le montrer à nouveau.
tokens-value = Jeton
tokens-copy = Copier
tokens-copied = Copié
tokens-yours = Vos jetons
tokens-none = Aucun jeton pour l’instant.
tokens-created = Créé le { $day }
tokens-used = utilisé pour la dernière fois le { $day }
tokens-unused = jamais utilisé
tokens-ends = prend fin le { $day }
tokens-may = Ce que « { $name } » peut faire
tokens-revoke = Révoquer
tokens-revoke-one = Révoquer « { $name } »
tokens-new = Nouveau jeton
tokens-new-lead = Il prend fin à la fin du jour choisi, en temps universel.
tokens-name = Nom
tokens-name-hint = À quoi il sert, par exemple « Script de sauvegarde »
tokens-scopes = Il peut
tokens-end = Dernier jour
tokens-end-hint = Du { $first } au { $last }
tokens-password = Votre mot de passe
tokens-password-hint = Pour être sûr que c’est bien vous
tokens-submit = Créer le jeton
tokens-full = Vous avez autant de jetons que permis. Révoquez-en un pour en créer un autre.
tokens-off = Les jetons personnels sont désactivés ici.

# Galeries
galleries-title = Galeries
galleries-back = Votre compte
galleries-lead = Les images de vos organisations, dans l’ordre que vous choisissez.
galleries-new = Nouvelle galerie
galleries-none = Il n’y a pas encore de galerie. Choisissez des images et donnez-leur un nom pour créer la première.
galleries-empty = Pas encore de galerie.
galleries-panel-lead = Les images que vous montrez pour vos organisations.
galleries-manage = Vos galeries
gallery-count = { $count ->
    [one] { $count } image
   *[other] { $count } images
  }
gallery-new-title = Nouvelle galerie
gallery-new-lead = D’abord les images, puis un nom. En attendant elles restent ici, et personne d’autre ne les voit.
gallery-pictures = Images
gallery-none = Pas encore d’images.
gallery-picture = Image { $n }
gallery-add = Ajouter des images
gallery-add-hint = JPEG, PNG, GIF ou WebP, { $size } au plus chacune.
gallery-drop = Vous pouvez aussi les déposer ici.
gallery-chosen = Images choisies
gallery-upload = Envoyer
gallery-progress = Envoi de { $name }
gallery-leave-out = Ne pas envoyer { $name }
gallery-caption = Légende
gallery-caption-of = Légende de l’image { $n }
gallery-save = Enregistrer
gallery-up = Monter l’image { $n }
gallery-down = Descendre l’image { $n }
gallery-moved = L’image est maintenant la numéro { $n }.
gallery-delete = Supprimer
gallery-delete-picture = Supprimer l’image { $n }
gallery-delete-picture-sure = Supprimer cette image définitivement ?
gallery-delete-yes = Oui, supprimer
gallery-delete-title = Supprimer cette galerie
gallery-delete-lead = Avec toutes ses images.
gallery-delete-sure = La galerie et ses images disparaîtront définitivement.
gallery-failed = Le serveur n’a pas pu être joint. Réessayez.
gallery-name = Nom de la galerie
gallery-name-title = Nom
gallery-new-name-title = Nom et organisation
gallery-name-lead = Vous pouvez y revenir plus tard : les images attendent quelque temps, ou jusqu’à votre déconnexion.
gallery-create = Créer la galerie
organization = Organisation
organization-another = Une autre, nouvelle
organization-hint = Pour une nouvelle, choisissez la dernière ligne et nommez-la ci-dessous.
organization-new = Nom de la nouvelle organisation
organization-delete = Supprimer cette organisation
organization-delete-sure = L’organisation disparaîtra pour tous ses propriétaires.
organization-name = Nom
organization-name-label = Nom de l’organisation
organization-new-hint = Une maison, un club, une entreprise : ce que montrent les images.
organization-lead = Les propriétaires d’une organisation peuvent modifier toutes ses galeries.
organization-settings = Nom et propriétaires
organization-settings-of = Nom et propriétaires de { $name }
owners = Propriétaires
owners-lead = Chacun peut en ajouter et en retirer d’autres ; le dernier reste.
owner-you = Vous
owner-email = Adresse e-mail d’un autre propriétaire
owner-hint = Cette personne trouvera l’invitation sur la page de ses galeries, et l’acceptera ou non.
owner-add = Inviter
owner-invited = Invité
owner-withdraw = Annuler
owner-withdraw-of = Annuler l’invitation de { $name }
invitations = Invitations
invitations-lead = On vous propose de devenir propriétaire.
invitation-accept = Accepter
invitation-accept-of = Devenir propriétaire de { $name }
invitation-decline = Décliner
invitation-decline-of = Décliner l’invitation de { $name }
owner-remove = Retirer
owner-remove-of = Retirer { $name }

# Messages
message-invalid-request = La requête n’est pas valide.
message-invalid-body = Le corps de la requête n’a pas pu être lu.
message-json-wanted = Envoyez un objet JSON, avec le type de contenu application/json.
message-invalid-field = Le champ « { $field } » n’est pas valide.
message-body-too-large = La requête est trop volumineuse.
message-body-timeout = La requête a mis trop de temps à arriver.
message-not-found = Ce que vous demandez n’existe pas.
message-method-not-allowed = Cette méthode n’est pas autorisée ici.
message-unsupported-media-type = Ce type de contenu n’est pas accepté ici.
message-too-many-requests = Trop de requêtes. Réessayez dans { $unit ->
    [seconds] { $count ->
        [one] une seconde
       *[other] { $count } secondes
    }
    [minutes] { $count ->
        [one] une minute
       *[other] { $count } minutes
    }
   *[hours] { $count ->
        [one] une heure
       *[other] { $count } heures
    }
  }.
message-unavailable = Le service n’est pas disponible pour le moment. Réessayez dans un instant.
message-server-error = Une erreur inattendue est survenue. Elle a été enregistrée.
message-token-missing = Un jeton d’accès est nécessaire.
message-token-invalid = Le jeton d’accès n’est pas valide ou a expiré.
message-proof-invalid = La preuve DPoP manque, est fausse ou a déjà servi.
message-proof-nonce-wanted = Recommencez la requête avec, dans la preuve DPoP, le nonce de l’en-tête DPoP-Nonce.
message-scope-missing = Il manque au jeton d’accès la portée « { $scope } ».
message-person-missing = Le jeton d’accès ne représente personne.
message-sign-in-insufficient = Cela demande une connexion plus récente ou plus forte. Reconnectez-vous dans l’application.
message-sign-in-required = Veuillez d’abord vous connecter.
message-caller-missing = Il faut un jeton d’accès, ou un navigateur connecté.
message-forbidden = Vous ne pouvez pas faire cela.
message-form-forged = Le formulaire n’a pas pu être confirmé. Revenez en arrière, rechargez la page et envoyez-le à nouveau.
message-profile-updated = Profil mis à jour
message-picture-url-invalid = L’URL de la photo doit être une URL https absolue.
message-photo-updated = Photo de profil mise à jour
message-photo-deleted = Photo de profil supprimée
message-photo-missing = Aucune photo n’a été envoyée.
message-image-missing = Aucune image fournie
message-picture-upload-not-found = Enregistrement de téléchargement non trouvé ou déjà confirmé
message-photo-field-missing = Aucune photo n’a été envoyée. Envoyez un formulaire multipart avec le fichier dans le champ « photo ».
message-photo-too-many = N’envoyez qu’une seule photo.
message-photo-too-large = La photo dépasse { $size }.
message-photo-wrong-type = Le fichier n’est pas une image JPEG, PNG, GIF ou WebP.
message-photo-heic = Les images HEIC et AVIF ne sont pas prises en charge. Envoyez un JPEG.
message-photo-broken = L’image est endommagée et ne peut pas être lue.
message-photo-too-many-pixels = L’image a trop de pixels.
message-photo-too-small = L’image doit mesurer au moins { $pixels } pixels de large et de haut.
message-photo-crop-invalid = Le cadrage doit être x,y,côté à l’intérieur de l’image.
message-photo-lost = Cette photo n’est plus conservée.
message-photo-not-stored = L’image n’a pas pu être enregistrée. Rien n’a changé ; réessayez plus tard.
message-photo-restored = Votre ancienne photo est de retour.
message-photo-discarded = La photo a été abandonnée.
message-alt-text-saved = La description de votre photo a été enregistrée.
message-alt-text-too-long = La description de la photo est trop longue.
message-photo-busy = Beaucoup de photos sont en cours de traitement. Réessayez dans un instant.
message-photo-import-disabled = Ici, une photo ne peut pas être reprise depuis une adresse. Envoyez le fichier.
message-photo-url-invalid = L’adresse doit être l’URL https publique d’une image.
message-photo-url-failed = La photo n’a pas pu être récupérée à cette adresse.
message-uploads-blocked = Un administrateur a suspendu vos envois. La page de votre compte dit pourquoi.
message-nothing-to-remove = Il n’y a rien à retirer de cette image.
message-gallery-created = La galerie a été créée.
message-gallery-renamed = La galerie a été renommée.
message-gallery-deleted = La galerie et ses images ont été supprimées.
message-gallery-name-invalid = Le nom d’une galerie a de 1 à 120 caractères et aucun saut de ligne.
message-gallery-full = Une galerie contient au plus { $most } images.
message-galleries-full = Le nombre maximal de galeries et d’organisations est atteint.
message-gallery-image-added = L’image a été ajoutée.
message-gallery-image-removed = L’image a été retirée.
message-gallery-order-saved = L’ordre a été enregistré.
message-gallery-order-invalid = L’ordre doit nommer chaque image de la galerie exactement une fois.
message-caption-saved = La légende a été enregistrée.
message-caption-invalid = Une légende a au plus { $most } caractères et aucun saut de ligne.
message-waiting-full = Au plus { $most } images peuvent attendre leur galerie.
message-organization-missing = Indiquez l’une de vos organisations, ou une nouvelle.
message-organization-deleted = L’organisation a été supprimée.
message-organization-not-empty = Une organisation qui a des galeries ne peut pas être supprimée. Supprimez d’abord ses galeries.
message-organization-renamed = L’organisation a été renommée.
message-organization-name-invalid = Le nom d’une organisation a de 1 à 120 caractères et aucun saut de ligne.
message-organization-name-taken = L’un de ses propriétaires a déjà une organisation de ce nom.
message-owner-invited = La personne qui a cette adresse ici peut maintenant accepter, sur la page de ses galeries.
message-invitation-accepted = Vous êtes maintenant propriétaire.
message-invitation-declined = L’invitation a été déclinée.
message-owner-removed = Le propriétaire a été retiré.
message-owner-already = Cette personne est déjà propriétaire.
message-owner-last = Le dernier propriétaire ne peut pas être retiré.
message-owners-full = Une organisation a au plus { $most } propriétaires, invités compris.
message-sign-in-failed = L’adresse e-mail ou le mot de passe n’est pas correct.
message-sign-in-slowed = Trop d’essais. Patientez { $minutes ->
    [one] une minute
   *[other] { $minutes } minutes
  } puis réessayez.
message-sign-in-busy = Beaucoup de personnes se connectent en ce moment. Réessayez dans un instant.
message-email-invalid = Cela ne ressemble pas à une adresse e-mail.
message-name-updated = Votre nom a été enregistré.
message-name-invalid = Un nom a au plus 120 caractères et aucun saut de ligne.
message-password-changed = Votre mot de passe a été changé. Vos autres sessions sont terminées.
message-password-wrong = Le mot de passe actuel n’est pas correct.
message-password-too-short = Un mot de passe a au moins 8 caractères.
message-password-too-long = Un mot de passe a au plus 128 caractères.
message-password-common = Ce mot de passe fait partie des plus courants. Choisissez-en un autre.
message-password-forbidden = Ce mot de passe contient un caractère qui ne peut pas être utilisé.
message-passwords-differ = Les deux nouveaux mots de passe ne sont pas identiques.
message-application-withdrawn = L’accès a été retiré.
message-personal-token-made = Votre jeton a été créé.
message-personal-token-revoked = Le jeton a été révoqué. Il ne fonctionne plus.
message-personal-token-scopes = Choisissez au moins une chose que le jeton peut faire.
message-personal-token-end = Choisissez un dernier jour que le jeton peut avoir.
message-personal-tokens-full = Vous avez déjà { $most } jetons, et personne ne peut en avoir plus. Révoquez-en un d’abord.
message-setup-link-invalid = Ce lien a déjà servi ou n’est pas valide. Démarrez le serveur sur une base vide pour en obtenir un nouveau.
message-interaction-expired = Cette connexion a pris trop de temps ou est déjà terminée. Revenez à l’application et recommencez.
message-interaction-foreign = Cette connexion a commencé dans un autre navigateur. Revenez à l’application et recommencez ici.
message-device-code-unknown = Aucun appareil n’attend avec ce code. Vérifiez-le sur votre appareil ; s’il ne s’y affiche plus, recommencez.
message-device-over = Cet appareil n’attend plus. Recommencez sur l’appareil pour obtenir un nouveau code.
message-client-untrusted = L’application qui vous envoie ici n’est pas bien configurée ; nous ne vous avons donc pas redirigé.
message-logout-request-invalid = Cette demande de déconnexion n’est pas valide ; nous ne vous avons donc pas redirigé.
