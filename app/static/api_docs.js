/* Shows the OpenAPI document of this installation by Swagger UI; nothing is asked of other hosts. */
document.addEventListener('DOMContentLoaded', () => {
  const place = document.getElementById('api');
  window.SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    docExpansion: 'none',
    validatorUrl: null,
    persistAuthorization: false,
  });
});
